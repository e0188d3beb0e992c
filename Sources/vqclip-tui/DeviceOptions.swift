import ArgumentParser

/// Where a command computes, and with how many threads.
struct DeviceOptions: ParsableArguments {
    @Option(name: [.long, .customLong("cd", withSingleDash: true)], help: "auto, cpu or cuda:N.")
    var device: String?

    @Option(help: "CPU threads of one operation; by default as many as there are cores.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes 1 to 1024.") }
    }
}
