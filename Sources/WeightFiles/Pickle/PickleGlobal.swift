extension PickleGlobal {
    private static let storageTypes: [String: ElementType] = [
        "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16, "DoubleStorage": .float64,
        "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
        "ByteStorage": .uint8, "BoolStorage": .bool, "UntypedStorage": .uint8,
    ]

    private static let dataTypes: [String: ElementType] = [
        "float": .float32, "half": .float16, "double": .float64, "long": .int64, "int": .int32, "short": .int16,
    ]

    /// The elements of a storage class; `nil` for any other name.
    var storageElements: ElementType? {
        ["torch", "torch.cuda", "torch.storage"].contains(module) ? Self.storageTypes[name] : nil
    }

    /// The elements of a `torch.dtype`; `nil` for any other name.
    var dataType: ElementType? {
        module == "torch" ? Self.dataTypes[name] ?? ElementType(rawValue: name) : nil
    }

    /// Whether this is a name that tensors and containers are made with.
    var isUnderstood: Bool {
        switch module {
        case "torch", "torch._utils", "torch.cuda", "torch.storage", "torch._tensor", "torch.jit._pickle",
            "torch.nn.parameter", "copyreg", "copy_reg", "":
            true
        case "collections": name == "OrderedDict" || name == "defaultdict"
        case "builtins", "__builtin__": ["dict", "list", "set", "object", "int", "float", "str"].contains(name)
        default: module == "__torch__" || module.hasPrefix("__torch__.")
        }
    }

    /// Modules that run commands, load code or change files, as far as a pickle would be able to call them.
    private static let dangerousModules: Set<String> = [
        "os", "posix", "nt", "subprocess", "commands", "sys", "shutil", "socket", "pty", "runpy", "code", "codeop",
        "imp",
        "importlib", "ctypes", "webbrowser", "pickle", "_pickle", "marshal", "bdb", "pdb", "timeit", "cProfile",
        "profile", "trace", "zipimport", "pip", "asyncio", "multiprocessing",
    ]

    /// The same for functions of the language itself.
    private static let dangerousFunctions: Set<String> = [
        "eval", "exec", "execfile", "compile", "open", "file", "__import__", "breakpoint", "input", "globals", "locals",
        "vars", "delattr", "setattr", "apply", "help", "exit", "quit",
    ]

    /// Refuses a file that names what only an attack would.
    func refuseIfDangerous() throws(WeightProblem) {
        let root = module.split(separator: ".", maxSplits: 1).first.map(String.init) ?? ""
        let isFunction = root == "builtins" || root == "__builtin__" || root == "__builtins__"
        // A dotted name reaches through what a module has imported, such as `torch` `os.system`.
        let reach = name.split(separator: ".").dropLast().map(String.init)
        guard
            Self.dangerousModules.contains(root) || (isFunction && Self.dangerousFunctions.contains(name))
                || reach.contains(where: Self.dangerousModules.contains)
        else { return }
        throw WeightProblem(
            "would run \(printable(text, limit: 80)) if PyTorch opened it; nothing was run",
            hint: "do not trust it; choose another file"
        )
    }
}
