import Grants

/// One table of the policy while it is read: its settings, where it stands, what is wrong so far.
struct Section {
    let path: SettingPath
    let findings: Findings
    private let settings: [String: Setting]

    init(_ settings: [String: Setting], at path: SettingPath, findings: Findings) {
        self.settings = settings
        self.path = path
        self.findings = findings
    }

    func has(_ key: String) -> Bool { settings[key] != nil }

    /// The value of `key`; `nil` where there is none, or none that `read` takes (and a finding).
    func value<Value>(
        _ key: String,
        _ read: (Setting) throws(Setting.Refusal) -> Value
    ) -> Value? {
        guard let setting = settings[key] else { return nil }
        return tried(setting, at: path[key], read)
    }

    /// The elements of the array `key`; `nil` also where `read` refuses some, each a finding.
    func list<Value>(
        _ key: String,
        atMost limit: Int = .max,
        _ read: (Setting) throws(Setting.Refusal) -> Value
    ) -> [Value]? {
        guard let elements = elements(key) else { return nil }
        guard elements.count <= limit else {
            refuse(key, "has \(elements.count) elements", "at most \(limit) fit here")
            return nil
        }
        let values = elements.enumerated().compactMap {
            tried($0.element, at: path[key][$0.offset], read)
        }
        return values.count == elements.count ? values : nil
    }

    func flag(_ key: String) -> Bool? {
        value(key) { setting throws(Setting.Refusal) in try setting.boolean() }
    }

    func path(_ key: String) -> String? {
        value(key) { setting throws(Setting.Refusal) in try setting.path() }
    }

    /// Networks, none of them everyone, none of them twice.
    func networks(_ key: String) -> [Prefix]? {
        var seen: Set<Prefix> = []
        return list(key) { setting throws(Setting.Refusal) in
            let network = try setting.network()
            guard seen.insert(network).inserted else {
                throw Setting.Refusal("is \(network) once more", "once is enough")
            }
            return network
        }
    }

    /// Lengths of time, none of them twice.
    func durations(
        _ key: String,
        in range: ClosedRange<Duration>,
        atMost limit: Int
    ) -> [Duration]? {
        var seen: Set<Duration> = []
        return list(key, atMost: limit) { setting throws(Setting.Refusal) in
            let duration = try setting.duration(in: range)
            guard seen.insert(duration).inserted else {
                throw Setting.Refusal("is \(duration.shortText) once more", "once is enough")
            }
            return duration
        }
    }

    /// The table `key`; an empty one where there is none.
    func section(_ key: String) -> Section {
        let table = value(key) { setting throws(Setting.Refusal) in try setting.table() }
        return Section(table ?? [:], at: path[key], findings: findings)
    }

    /// The tables `[[key]]`; `nil` where the file has no such key, or no table in it.
    func sections(_ key: String) -> [Section]? {
        if case .table = settings[key] {
            refuse(key, "is a table", "write [[\(key)]], as there may be several")
            return nil
        }
        guard let elements = elements(key) else { return nil }
        let sections = elements.enumerated().compactMap { offset, element in
            let place = path[key][offset]
            return tried(element, at: place) { setting throws(Setting.Refusal) in
                Section(try setting.table(), at: place, findings: findings)
            }
        }
        return sections.isEmpty && !elements.isEmpty ? nil : sections
    }

    func refuse(_ key: String, _ reason: String, _ remedy: String) {
        findings.add(path[key], Setting.Refusal(reason, remedy))
    }

    /// A key that nobody asks for is most likely a rule that its author believes to hold.
    func refuseAllBut(_ known: [String]) {
        for key in settings.keys.sorted() where !known.contains(key) && !findings.isFull {
            let close = known.min { Self.distance(key, $0) < Self.distance(key, $1) }
            let guess = close.flatMap { Self.distance(key, $0) <= 2 ? $0 : nil }
            let remedy =
                guess.map { "did you mean `\($0)`?" }
                ?? "known here: \(known.joined(separator: ", "))"
            refuse(key, "is no key of a policy", remedy)
        }
    }

    private func elements(_ key: String) -> [Setting]? {
        value(key) { setting throws(Setting.Refusal) in try setting.array() }
    }

    private func tried<Value>(
        _ setting: Setting,
        at place: SettingPath,
        _ read: (Setting) throws(Setting.Refusal) -> Value
    ) -> Value? {
        do throws(Setting.Refusal) {
            return try read(setting)
        } catch {
            findings.add(place, error)
            return nil
        }
    }

    /// How many letters must change to turn one word into the other (Levenshtein).
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        guard left.utf8.count <= right.count + 2 else { return .max }
        var row = Array(0...right.count)
        for (line, letter) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in right.enumerated() {
                let substituted = diagonal + (letter == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substituted, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
