import EngineKit

/// What a saved picture says of how it was made.
enum PictureMetadata {
    /// Keywords and values for the PNG's text chunks.
    static func text(for run: PaintingRun, models: ModelPair) -> [(keyword: String, value: String)] {
        let prompts = PromptParser.source(of: run.prompts)
        let settings = SettingKey.allCases.map { "\($0.rawValue)=\(run.settings.value(of: $0))" }
        return [
            ("Software", "vqclip-tui"),
            ("Description", prompts),
            ("prompt", prompts),
            ("seed", String(run.settings.seed)),
            ("step", String(run.step)),
            ("settings", settings.joined(separator: "\n")),
            ("model", "vqgan=\(models.choice.vqgan)\nclip=\(models.choice.clip)"),
        ]
    }
}

/// Says in a few words what an edit of the prompts did.
enum PromptChange {
    static func describe(from old: [Prompt], to new: [Prompt]) -> String {
        if new.count > old.count { return "prompt added: \(excerpt(new.last))" }
        if new.count < old.count { return "prompt removed" }
        let changed = new.indices.filter { new[$0] != old[$0] }
        guard let index = changed.first else { return "prompts unchanged" }
        if changed.count > 1 { return "prompts changed: \(changed.map { String($0 + 1) }.joined(separator: ", "))" }
        let name = "prompt \(index + 1)"
        let (before, after) = (old[index], new[index])
        if before.content != after.content { return "\(name) reworded: \(excerpt(after))" }
        if before.weight != after.weight { return "\(name) weight \(PromptParser.number(after.weight))" }
        if before.isMuted != after.isMuted { return "\(name) \(after.isMuted ? "muted" : "heard again")" }
        if before.isSolo != after.isSolo { return "\(name) \(after.isSolo ? "solo" : "no longer solo")" }
        return "\(name) stop \(after.stop.map(PromptParser.number) ?? "removed")"
    }

    private static func excerpt(_ prompt: Prompt?) -> String {
        guard let label = prompt?.label else { return "" }
        return label.count > 48 ? "\(label.prefix(47))…" : label
    }
}
