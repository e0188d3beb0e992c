import Torch

/// The CLIPs that look at a picture together, at least one.
struct CLIPEnsemble {
    struct Member {
        let clip: CLIP
        /// Factor of its losses.
        let weight: Double
    }

    /// The one that stands for all where only one can.
    let first: Member
    private let others: [Member]

    init(_ first: Member, _ others: [Member] = []) {
        self.first = first
        self.others = others
    }

    var members: [Member] { [first] + others }

    /// The sides of the cutouts that the members take, each once, in the order of the members.
    var resolutions: [Int] {
        members.map(\.clip.resolution).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
