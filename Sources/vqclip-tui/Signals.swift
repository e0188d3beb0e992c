import Dispatch
import Foundation
import Glibc
import Headless

extension Interruption {
    /// Signals end the work in good order instead of the process.
    /// - Returns: what has to be kept, and cancelled at the end.
    func raise(on signals: [Int32]) -> [any DispatchSourceSignal] {
        signals.map { number in
            Glibc.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                // A second signal does not wait for the step in progress.
                if self.isRaised { _exit(128 + number) }
                self.raise(by: number)
            }
            source.resume()
            return source
        }
    }
}
