import EngineKit

/// The list of installed models, open over the panes.
struct ModelList: Sendable, Equatable {
    /// Which half of the pair is chosen; `nil` for all that a model has.
    enum Half: Sendable, Equatable {
        case vqgan, clip
    }

    let half: Half?
    let models: [ModelSummary]
    var selection = 0

    init(_ models: [ModelSummary], half: Half?, current: ModelChoice) {
        self.half = half
        self.models = models.filter { model in
            switch half {
            case .vqgan: model.hasVQGAN
            case .clip: model.hasCLIP
            case nil: true
            }
        }
        let name = half == .clip ? current.clip : current.vqgan
        selection = self.models.firstIndex { $0.name == name } ?? 0
    }

    var title: String {
        switch half {
        case .vqgan: "models that paint"
        case .clip: "models that look"
        case nil: "installed models"
        }
    }

    var selected: ModelSummary? { models.indices.contains(selection) ? models[selection] : nil }

    /// The choice with the selected model in it.
    func choice(over current: ModelChoice) -> ModelChoice? {
        guard let selected else { return nil }
        var choice = current
        if selected.hasVQGAN, half != .clip { choice.vqgan = selected.name }
        if selected.hasCLIP, half != .vqgan { choice.clip = selected.name }
        return choice
    }

    /// Whether the model is one of the pair.
    static func isUsed(_ model: ModelSummary, in choice: ModelChoice) -> Bool {
        let clips = (try? CLIPChoice.parse(choice.clip).map(\.model)) ?? [choice.clip]
        return (model.hasVQGAN && choice.vqgan == model.name) || (model.hasCLIP && clips.contains(model.name))
    }
}
