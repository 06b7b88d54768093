import Conditions
import Grants
import Linux

/// The files in drop directories that are refused.
struct RefusedFiles {
    /// The reason for which one is refused.
    struct Refusal: Hashable {
        let reason: String
        let remedy: String?
        /// True if its owner, mode or type is the reason, not its content.
        let isDistrust: Bool
    }

    /// The most refusals that are remembered; of more it is only known that there are any.
    private static let bound = 4096
    /// The most files that are named.
    private static let named = 8

    /// The directories in which nothing counts, with the reason.
    var untrusted: [String: TrustError] = [:] {
        didSet { hasChanged = true }
    }
    /// The number of files that were refused until now, including those that are gone.
    private(set) var count = 0
    private var files: [String: Refusal] = [:]
    private var areMore = false
    /// True if the conditions differ from those that were last taken.
    private var hasChanged = true

    /// Starts over, as all files are read again.
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
        hasChanged = true
        guard files[path] != nil || files.count < Self.bound else { return areMore = true }
        files[path] = refusal
    }

    mutating func remove(_ path: String) {
        if files.removeValue(forKey: path) != nil { hasChanged = true }
    }

    /// Returns true if a file may count once its owner or mode is another.
    func isDistrusted(_ path: String) -> Bool { files[path]?.isDistrust == true }

    /// The conditions of each code, if they have changed since they were last taken.
    mutating func takeConditions() -> [ConditionCode: [Condition]]? {
        guard hasChanged else { return nil }
        hasChanged = false
        return [
            .dropDirectoryUntrusted: untrusted.keys.sorted().compactMap(directory),
            .fileUntrusted: conditions(isDistrust: true),
            .fileRefused: conditions(isDistrust: false),
        ]
    }

    private func directory(_ path: String) -> Condition? {
        untrusted[path].map { error in
            let remedy =
                error.code == .symbolicLink
                ? "name the directory itself in grants.directories"
                : error.remedy ?? "jitgate doctor"
            return FileConditions.untrusted(.dropDirectory, path, because: "\(error)", mend: remedy)
        }
    }

    private func conditions(isDistrust: Bool) -> [Condition] {
        let meant = files.filter { $0.value.isDistrust == isDistrust }
        let word = isDistrust ? FileConditions.fileUntrusted : FileConditions.fileRefused
        let named = Self.first(of: meant.keys).compactMap { path in
            meant[path].map { word(path, $0.reason, $0.remedy) }
        }
        let rest = meant.count - named.count
        guard rest > 0 else { return named }
        return named + [
            FileConditions.othersRefused(rest, isDistrust: isDistrust, areMore: areMore)
        ]
    }

    /// The first names in their order, without sorting all of them.
    static func first(of names: some Sequence<String>) -> [String] {
        var first: [String] = []
        for name in names where first.count < named || first.last.map({ name < $0 }) == true {
            let place = first.firstIndex { name < $0 } ?? first.endIndex
            first.insert(name, at: place)
            if first.count > named { first.removeLast() }
        }
        return first
    }
}
