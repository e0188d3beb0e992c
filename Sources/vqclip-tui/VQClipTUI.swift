import ArgumentParser

@main
struct VQClipTUI: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "vqclip-tui",
        abstract: "Paints pictures from words with a VQGAN and CLIP, live in the terminal.",
        discussion: """
            Without a subcommand it opens the workbench, and with a prompt it starts to paint at once. When standard \
            output is no terminal it paints like 'run'.

            EXAMPLES
              vqclip-tui
              vqclip-tui "misty mountains under a full moon"
              vqclip-tui "a golden crown | oil painting:0.5 | text:-0.3" --size 192x128
              vqclip-tui run "a lighthouse in a storm" --seed 7 -o storm.png

            PROMPTS
              a | b          several prompts at once
              words:0.5      a weight; a negative one pushes the picture away
              words:1:0.8    a stop: no pull once closer than that distance
              [photo.jpg]    a picture as a prompt, with a weight like words
              \\|  \\:         the plain characters
            """,
        version: version,
        subcommands: [
            WorkbenchCommand.self, RunCommand.self, ModelsCommand.self, InspectCommand.self, TokenizeCommand.self,
            EmbedCommand.self, ScoreCommand.self, ReconstructCommand.self, DecodeCommand.self, BenchCommand.self,
            TrainCommand.self,
        ],
        defaultSubcommand: WorkbenchCommand.self
    )
}
