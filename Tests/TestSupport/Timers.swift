import Foundation

/// The timers of a process, from /proc.
package enum Timers {
    /// The seconds until a timer expires, by its `/proc/PID/fdinfo/N`; 0 if it is not armed, `nil`
    /// if it is no timer.
    package static func remaining(_ information: String) -> Int? {
        information.split(separator: "\n").first { $0.hasPrefix("it_value: (") }
            .flatMap { $0.dropFirst("it_value: (".count).split(separator: ",").first }
            .flatMap { Int($0) }
    }

    /// The remaining seconds of all armed timers of a process.
    package static func armed(by process: Int32) throws -> [Int] {
        let folder = "/proc/\(process)/fdinfo"
        return try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { name in
            let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            return text.flatMap(remaining)
        }.filter { $0 > 0 }
    }
}
