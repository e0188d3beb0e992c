/// One of the CLIPs that look at a picture, and how much its distances count.
///
/// Several are written like prompts: `A | B:0.5`. Only a number after the last colon is a weight, so that paths may have
/// colons.
public struct CLIPChoice: Sendable, Hashable {
    /// A name, a folder or a file.
    public let model: String
    /// Factor of its losses; above 0.
    public let weight: Double

    public init(model: String, weight: Double = 1) {
        self.model = model
        self.weight = weight
    }

    /// Reads the notation of one or several CLIPs.
    /// - Throws: ``EngineFailure`` that says which part makes no sense.
    public static func parse(_ notation: String) throws(EngineFailure) -> [CLIPChoice] {
        var choices: [CLIPChoice] = []
        for part in notation.split(separator: "|", omittingEmptySubsequences: false) {
            let choice = try CLIPChoice(String(part).trimmingSpaces(), of: notation)
            guard !choices.contains(where: { $0.model == choice.model }) else {
                throw EngineFailure(.model, "'\(choice.model)' is named twice", hint: "give it one weight instead")
            }
            choices.append(choice)
        }
        return choices
    }

    private init(_ text: String, of notation: String) throws(EngineFailure) {
        var (model, weight) = (text, 1.0)
        if let colon = text.lastIndex(of: ":"),
            let number = Double(String(text[text.index(after: colon)...]).trimmingSpaces())
        {
            (model, weight) = (String(text[..<colon]).trimmingSpaces(), number)
        }
        guard !model.isEmpty else {
            throw EngineFailure(
                .model,
                "a CLIP is missing in '\(notation)'",
                hint: "write one name, folder or file, or several as in 'A | B:0.5'"
            )
        }
        guard weight > 0, weight.isFinite else {
            throw EngineFailure(.model, "the weight of '\(model)' is not above 0", hint: "leave that CLIP out instead")
        }
        self.init(model: model, weight: weight)
    }
}
