import Glibc
import SystemPackage

/// The ancestors of this process, and the environments they were started with.
///
/// sudo and su drop most of the environment; the shell that ran them still has it.
package enum ProcessAncestry {
    /// The most ancestors, more than nested shells have; bounds a walk over a table that may
    /// change.
    private static let limit = 32

    /// An environment variable of the nearest ancestor that has it and may be read.
    package static func variable(_ name: String) -> String? {
        ancestors().lazy.compactMap { variable(name, of: $0) }.first
    }

    /// The parent, its parent and so on, without process 1.
    static func ancestors() -> [Int32] {
        var found: [Int32] = []
        var process: Int32? = getppid()
        while let next = process, next > 1, found.count < limit {
            found.append(next)
            process = parent(of: next)
        }
        return found
    }

    /// An environment variable that a process was started with, if it may be read.
    static func variable(_ name: String, of process: Int32) -> String? {
        guard let bytes = try? SmallFile.read("/proc/\(process)/environ", limit: 1 << 20) else {
            return nil
        }
        let prefix = Array("\(name)=".utf8)
        let entry = bytes.split(separator: 0).first { $0.starts(with: prefix) }
        guard let entry, entry.count > prefix.count else { return nil }
        return String(decoding: entry.dropFirst(prefix.count), as: UTF8.self)
    }

    /// Reads proc_pid_stat(5): the parent is the second field after the name, which may hold
    /// anything.
    private static func parent(of process: Int32) -> Int32? {
        guard let bytes = try? SmallFile.read("/proc/\(process)/stat", limit: 4096),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 1 else { return nil }
        return Int32(String(decoding: fields[1], as: UTF8.self))
    }
}
