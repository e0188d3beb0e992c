/// One thing that the picture is pulled towards, or pushed away from.
public struct Prompt: Sendable, Codable, Hashable {
    /// What the image embedding is compared with.
    public enum Content: Sendable, Codable, Hashable {
        /// Words, embedded by CLIP's text tower.
        case text(String)
        /// The path of a picture whose cutouts are embedded by CLIP's image tower.
        case image(String)
    }

    public var content: Content
    /// Factor of this prompt's loss. Negative pushes the picture away, 0 leaves the prompt without effect.
    public var weight: Double
    /// A (cutout, embedding) pair gives a gradient only while its signed distance is above this. `nil` means always.
    public var stop: Double?
    /// A muted prompt keeps its place and weight but has no effect.
    public var isMuted: Bool
    /// While any prompt is solo, only solo prompts have an effect.
    public var isSolo: Bool

    public init(
        _ content: Content,
        weight: Double = 1,
        stop: Double? = nil,
        isMuted: Bool = false,
        isSolo: Bool = false
    ) {
        self.content = content
        self.weight = weight
        self.stop = stop
        self.isMuted = isMuted
        self.isSolo = isSolo
    }

    /// The prompt without weight and stop: the words, or the path in brackets.
    public var label: String {
        switch content {
        case .text(let text): text
        case .image(let path): "[\(path)]"
        }
    }
}

extension [Prompt] {
    /// For each prompt, whether it has an effect once mute and solo are taken into account.
    public var audible: [Bool] {
        let anySolo = contains { $0.isSolo && !$0.isMuted }
        return map { !$0.isMuted && (!anySolo || $0.isSolo) }
    }
}
