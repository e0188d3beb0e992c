import EngineKit

extension AppState {
    static let noModelsAdvice = "no such model here: vqclip-tui models pull NAME brings one"

    /// Asks for the installed models: all, or in the settings those for the selected entry.
    func listModels() -> [Effect] {
        guard focus == .settings else { return [.listModels(nil)] }
        switch settings.selectedRow {
        case .vqgan: return [.listModels(.vqgan)]
        case .clip: return [.listModels(.clip)]
        case .key: return [.listModels(nil)]
        }
    }

    /// Opens the list, unless something else has been opened since it was asked for.
    mutating func openModels(_ models: [ModelSummary], _ half: ModelList.Half?) {
        guard overlay == nil, editor == nil else { return }
        let list = ModelList(models, half: half, current: settings.models)
        guard !list.models.isEmpty else {
            tell(Self.noModelsAdvice, .warning)
            return
        }
        overlay = .models(list)
    }

    mutating func acceptModel(of list: ModelList) -> [Effect] {
        overlay = nil
        guard let name = list.selected?.name, let choice = list.choice(over: settings.models) else { return [] }
        guard choice != settings.models || engine.model == nil else {
            tell("\(name) is in use already")
            return []
        }
        return use(choice, named: name)
    }

    /// Loads other models; asks first where that ends a run.
    mutating func use(_ choice: ModelChoice, named name: String) -> [Effect] {
        settings.models = choice
        guard engine.run != nil else { return [.send(.load(choice), note: nil)] }
        ask("Load other models", "Loading \(name) ends the present run\(unsavedClause). Load now?", yes: .loadModels)
        return []
    }
}
