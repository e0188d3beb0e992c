public import EngineKit
import Foundation
import Logging
public import Torch

/// The device that the user asks for.
public enum DeviceRequest: Sendable, Hashable {
    /// The first CUDA device, or the CPU where there is none.
    case automatic
    case cpu
    case cuda(Int)

    /// Reads `auto`, `cpu`, `cuda` or `cuda:N`, whether or not the device is there.
    /// - Throws: ``EngineFailure`` for other words.
    public init(named name: String) throws(EngineFailure) {
        switch name.lowercased() {
        case "cpu": self = .cpu
        case "auto": self = .automatic
        case "cuda": self = .cuda(0)
        case let lowercased:
            guard lowercased.hasPrefix("cuda:"), let index = Int(lowercased.dropFirst(5)), index >= 0 else {
                throw EngineFailure(.settings, "'\(name)' is not a device", hint: "choose auto, cpu or cuda:N")
            }
            self = .cuda(index)
        }
    }
}

/// Picks the device that a run computes on.
public enum DeviceSelection {
    /// Reads `auto`, `cpu`, `cuda` or `cuda:N` and finds the device.
    /// - Throws: ``EngineFailure`` for other words and for a device that is not there.
    public static func device(named name: String) throws(EngineFailure) -> Device {
        try device(DeviceRequest(named: name))
    }

    /// Loads libtorch if nobody has, and finds the device.
    /// - Throws: ``EngineFailure`` when libtorch cannot be loaded or the device is not there.
    public static func device(_ request: DeviceRequest) throws(EngineFailure) -> Device {
        do {
            try Runtime.load()
        } catch {
            throw error.failure
        }
        switch request {
        case .cpu: return .cpu
        case .automatic: return automatic()
        case .cuda(let index): return try cuda(index)
        }
    }

    private static func automatic() -> Device {
        guard hasCUDALibraries else { return .cpu }
        do {
            return try cuda(0)
        } catch {
            Logger(label: "device").warning("computing on the CPU: \(error.summary)")
            return .cpu
        }
    }

    private static func cuda(_ index: Int) throws(EngineFailure) -> Device {
        if Runtime.cudaDeviceCount == 0 { try openCUDA() }
        let count = Runtime.cudaDeviceCount
        guard index < count else {
            let found = count == 0 ? "no CUDA device was found" : "there are \(count) CUDA devices, numbered from 0"
            throw EngineFailure(.settings, "cuda:\(index) cannot be used: \(found)", hint: "use --device cpu")
        }
        return .cuda(index)
    }

    /// Loads the CUDA backend that stands beside the CPU one, if set-up has put it there.
    private static func openCUDA() throws(EngineFailure) {
        guard let folder = libtorchFolder, hasCUDALibraries else {
            throw EngineFailure(
                .settings,
                "this build has no CUDA libraries",
                hint: "run make setup on a machine with an NVIDIA driver, or use --device cpu"
            )
        }
        do {
            try Runtime.openCUDA(folder: folder)
        } catch {
            throw EngineFailure(
                .settings,
                "the CUDA libraries cannot be loaded: \(error.message)",
                hint: "use --device cpu"
            )
        }
    }

    private static var hasCUDALibraries: Bool {
        libtorchFolder.map { FileManager.default.fileExists(atPath: "\($0)/libtorch_cuda.so") } ?? false
    }

    /// The folder that libtorch was loaded from.
    private static var libtorchFolder: String? {
        guard let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else { return nil }
        for line in maps.split(separator: "\n") where line.hasSuffix("/libtorch_cpu.so") {
            guard let start = line.firstIndex(of: "/") else { continue }
            return String(line[start...].dropLast("/libtorch_cpu.so".count))
        }
        return nil
    }
}
