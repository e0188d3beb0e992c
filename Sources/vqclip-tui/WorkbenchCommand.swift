import ArgumentParser

struct WorkbenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "workbench", abstract: "Open the workbench (the default).")
    @OptionGroup var painting: PaintingOptions
}
