public import EngineKit

/// Why a picture could not be prepared for the terminal.
public enum PreviewError: Error, Sendable, Hashable, CustomStringConvertible, UserFacingError {
    /// ``PreviewMode/off`` shows nothing.
    case off
    /// The room offered has no cell, or its cells or pixels are beyond any terminal's.
    case invalidRoom(columns: Int, rows: Int)
    /// A side of the picture is above 16384 pixels.
    case pictureTooLarge(width: Int, height: Int)
    case libraryFailed(PreviewMode)

    public var description: String { failure.description }

    public var failure: EngineFailure {
        switch self {
        case .off: EngineFailure(.image, "the picture is switched off", hint: "choose another preview mode")
        case .invalidRoom(let columns, let rows):
            EngineFailure(.image, "no picture fits \(columns) × \(rows) cells", hint: "resize the terminal")
        case .pictureTooLarge(let width, let height):
            EngineFailure(.image, "\(width) × \(height) pixels are too many to show", hint: "choose a smaller size")
        case .libraryFailed(let mode):
            EngineFailure(
                .image,
                "the picture cannot be shown as \(mode.rawValue)",
                hint: "choose another preview mode"
            )
        }
    }
}
