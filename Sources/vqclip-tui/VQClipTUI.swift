import ArgumentParser

@main
struct VQClipTUI: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "vqclip-tui", abstract: "Paints from words.")
}
