// swift-tools-version: 6.2
import PackageDescription

// libtorch has no pkg-config file. `make setup` unpacks it into .libtorch; LIBTORCH points at another copy (>= 2.6).
let libtorch = Context.environment["LIBTORCH"] ?? "\(Context.packageDirectory)/.libtorch"

let torchHeaders: [CXXSetting] = [
    .unsafeFlags([
        "-isystem", "\(libtorch)/include",
        "-isystem", "\(libtorch)/include/torch/csrc/api/include",
    ])
]
let torchLibraries: [LinkerSetting] = [
    .unsafeFlags(
        ["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib", "-Xlinker", "-Bsymbolic-functions"]
    ),
    .linkedLibrary("torch_cpu"),
    .linkedLibrary("c10"),
]

let strictC: [CSetting] = [.treatAllWarnings(as: .error)]
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "vqclip-tui",
    products: [
        .executable(name: "vqclip-tui", targets: ["vqclip-tui"]),
        // Loaded when the first tensor is made, so that the program starts without libtorch. Nothing links it; a build
        // without --product makes it too.
        .library(name: "vqclip-torch", type: .dynamic, targets: ["TorchShim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // The engine: libtorch behind a C shim, tensors, the models and the optimisation loop.
        .target(
            name: "TorchShim",
            publicHeadersPath: ".",
            // Its loops are optimised in debug builds too, or the tests would take minutes.
            cxxSettings: [.headerSearchPath("../CTorch/include"), .unsafeFlags(["-O3"])] + torchHeaders,
            linkerSettings: torchLibraries
        ),
        .target(name: "CTorch", cSettings: strictC),
        .target(name: "Torch", dependencies: ["CTorch", "WeightFiles"], swiftSettings: strict),
        .target(
            name: "Core",
            dependencies: [
                "Torch", "WeightFiles", "ModelFormats", "Tokenizers", "EngineKit", "Media", "ModelLibrary", logging,
            ],
            swiftSettings: strict
        ),

        // Texts as a CLIP's tokens. No libtorch, no terminal.
        .target(name: "Tokenizers", dependencies: ["CZlib", "EngineKit"], swiftSettings: strict),

        // Models of one's own: data, losses, the loop and its checkpoints. No terminal.
        .target(
            name: "Training",
            dependencies: ["Core", "Torch", "Tokenizers", "Media", "EngineKit"],
            swiftSettings: strict
        ),

        // Weight files of every kind, read without executing anything. No libtorch, no terminal.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "WeightFiles", dependencies: ["CZlib"], swiftSettings: strict),

        // What a weight file is, by the names and shapes of its tensors. No libtorch.
        .target(
            name: "ModelFormats",
            dependencies: ["WeightFiles", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict
        ),

        // The contract between engine and front ends. No libtorch, no terminal.
        .target(name: "EngineKit", dependencies: [logging], swiftSettings: strict),
        .target(name: "ScriptedEngine", dependencies: ["EngineKit"], swiftSettings: strict),
        .target(name: "Configuration", dependencies: ["EngineKit", logging], swiftSettings: strict),

        // Pictures in files and pictures as terminal cells. No libtorch, no curses.
        .target(
            name: "CImage",
            cSettings: strictC,
            linkerSettings: [.linkedLibrary("png16"), .linkedLibrary("turbojpeg"), .linkedLibrary("webp")]
        ),
        .target(name: "Media", dependencies: ["CImage", "EngineKit"], swiftSettings: strict),
        .systemLibrary(
            name: "ChafaLibrary",
            pkgConfig: "chafa",
            providers: [.apt(["libchafa-dev", "libglib2.0-dev"])]
        ),
        .target(name: "CChafa", dependencies: ["ChafaLibrary"], cSettings: strictC),
        .target(name: "Preview", dependencies: ["CChafa", "EngineKit"], swiftSettings: strict),

        // Models on this machine and elsewhere. No libtorch, no terminal.
        .systemLibrary(name: "GLibLibrary", pkgConfig: "glib-2.0", providers: [.apt(["libglib2.0-dev"])]),
        .target(name: "CFetch", dependencies: ["GLibLibrary"], cSettings: strictC),
        .target(
            name: "ModelLibrary",
            dependencies: ["CFetch", "EngineKit", "Media", "WeightFiles"],
            swiftSettings: strict
        ),

        // Painting without a screen.
        .target(
            name: "Headless",
            dependencies: ["EngineKit", "ModelFormats", "ModelLibrary", "WeightFiles"],
            swiftSettings: strict
        ),

        // The workbench.
        .target(
            name: "CCurses",
            cSettings: strictC + [.define("NCURSES_WIDECHAR", to: "1")],
            linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]
        ),
        .target(
            name: "TUI",
            dependencies: ["EngineKit", "Preview", "CCurses", "Configuration"],
            swiftSettings: strict
        ),

        // Wiring only: arguments, files, which front end.
        .executableTarget(
            name: "vqclip-tui",
            dependencies: [
                "Core", "Torch", "Training", "Tokenizers", "TUI", "Headless", "ModelFormats", "ModelLibrary",
                "WeightFiles", "EngineKit", "Configuration", "Preview", argumentParser, logging,
            ],
            swiftSettings: strict
        ),

        .testTarget(name: "TorchTests", dependencies: ["Torch", "CTorch", "WeightFiles"], swiftSettings: strict),
        .testTarget(
            name: "CoreTests",
            dependencies: ["Core", "Torch", "WeightFiles", "ModelFormats", "Tokenizers", "EngineKit", "Media"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TrainingTests",
            dependencies: ["Training", "Core", "Torch", "EngineKit", "Media"],
            swiftSettings: strict
        ),
        .testTarget(name: "TokenizersTests", dependencies: ["Tokenizers", "EngineKit"], swiftSettings: strict),
        .testTarget(
            name: "WeightFilesTests",
            dependencies: ["WeightFiles", "CZlib"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ModelFormatsTests",
            dependencies: ["ModelFormats", "WeightFiles"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ParityTests",
            dependencies: ["Core", "Torch", "ModelFormats", "Tokenizers", "EngineKit"],
            exclude: ["Fixtures", "clip-rn.stored.safetensors"],
            swiftSettings: strict
        ),
        .testTarget(name: "EngineKitTests", dependencies: ["EngineKit", "ScriptedEngine"], swiftSettings: strict),
        .testTarget(
            name: "HeadlessTests",
            dependencies: ["Headless", "EngineKit", "ScriptedEngine"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ModelLibraryTests",
            dependencies: ["ModelLibrary", "WeightFiles", "EngineKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: ["Configuration", "EngineKit", logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "MediaTests",
            dependencies: ["Media", "CImage", "EngineKit"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(name: "PreviewTests", dependencies: ["Preview", "CChafa", "EngineKit"], swiftSettings: strict),
        .testTarget(
            name: "TUITests",
            dependencies: ["TUI", "EngineKit", "ScriptedEngine", "Preview", "Configuration"],
            exclude: ["Snapshots"],
            swiftSettings: strict
        ),
    ],
    cLanguageStandard: .c17,
    cxxLanguageStandard: .cxx20
)
