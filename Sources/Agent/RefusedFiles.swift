import Grants
import Linux

/// The files that are there and count for nothing, for who asks how the agent is.
struct RefusedFiles {
    /// Why one counts for nothing.
    struct Refusal: Hashable {
        let reason: String
        let remedy: String?
        /// Whether it is for its owner, its mode or what it is, not for what it says.
        let isDistrust: Bool
    }

    /// So many are remembered; of more only that there are.
    private static let bound = 4096
    /// So many are named.
    private static let named = 8

    /// Why nothing counts in a directory.
    var untrusted: [String: TrustError] = [:]
    /// How many files were refused until now, whatever became of them.
    private(set) var count = 0
    private var files: [String: Refusal] = [:]
    private var areMore = false
    private var knownProblems: [String]?
    private var knownWarnings: [String]?

    /// Begins anew, as all files are read again.
    mutating func reset() {
        self = RefusedFiles(count: count)
    }

    init(count: Int = 0) {
        self.count = count
    }

    mutating func countOne() {
        count += 1
    }

    mutating func put(_ path: String, _ refusal: Refusal) {
        guard files[path] != nil || files.count < Self.bound else { return areMore = true }
        files[path] = refusal
        forgetLines()
    }

    mutating func remove(_ path: String) {
        if files.removeValue(forKey: path) != nil { forgetLines() }
    }

    private mutating func forgetLines() {
        (knownProblems, knownWarnings) = (nil, nil)
    }

    /// Whether a file may count once its owner or mode is another.
    func isDistrusted(_ path: String) -> Bool { files[path]?.isDistrust == true }

    /// Those that nobody can have wanted: something is to be mended.
    var problems: [String] {
        mutating get {
            let lines = knownProblems ?? lines { $0.isDistrust }
            knownProblems = lines
            return untrusted.keys.sorted().compactMap(directoryLine) + lines
        }
    }

    /// Those that say what does not count.
    var warnings: [String] {
        mutating get {
            let lines = knownWarnings ?? lines { !$0.isDistrust }
            knownWarnings = lines
            return lines
        }
    }

    private func directoryLine(_ directory: String) -> String? {
        untrusted[directory].map { error in
            let remedy =
                error.code == .symbolicLink
                ? "name the directory itself in grants.directories"
                : error.remedy ?? "jitgate doctor"
            return "no grant file in \(directory) counts: \(error); \(remedy)"
        }
    }

    private func lines(_ isMeant: (Refusal) -> Bool) -> [String] {
        let meant = files.filter { isMeant($0.value) }
        var lines = Self.first(of: meant.keys).compactMap { path in
            meant[path].map { refusal in
                let remedy = refusal.remedy.map { "; \($0)" } ?? ""
                return "\(path) is refused: \(refusal.reason)\(remedy)"
            }
        }
        let rest = meant.count - lines.count
        if rest > 0 {
            let count = areMore ? "more than \(rest) other files" : rest.counting("other file")
            lines.append("\(count) refused too: jitgate audit show --event grant-refused")
        }
        return lines
    }

    /// The first names in their order, without sorting all of them.
    private static func first(of names: some Sequence<String>) -> [String] {
        var first: [String] = []
        for name in names where first.count < named || first.last.map({ name < $0 }) == true {
            let place = first.firstIndex { name < $0 } ?? first.endIndex
            first.insert(name, at: place)
            if first.count > named { first.removeLast() }
        }
        return first
    }
}
