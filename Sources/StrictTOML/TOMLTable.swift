/// One table of a TOML file while it is read: its settings, its place, the mistakes so far.
package struct TOMLTable {
    package let path: TOMLPath
    package let findings: TOMLFindings
    private let settings: [String: TOMLValue]

    package init(_ settings: [String: TOMLValue], at path: TOMLPath, findings: TOMLFindings) {
        self.settings = settings
        self.path = path
        self.findings = findings
    }

    /// The keys of the table, in alphabetical order.
    package var keys: [String] { settings.keys.sorted() }

    package func has(_ key: String) -> Bool { settings[key] != nil }

    /// The value of `key`; `nil` where there is none, or none that `read` takes (and a finding).
    package func value<Value>(
        _ key: String,
        _ read: (TOMLValue) throws(TOMLValue.Refusal) -> Value
    ) -> Value? {
        guard let setting = settings[key] else { return nil }
        return tried(setting, at: path[key], read)
    }

    /// The elements of the array `key`; `nil` also where `read` refuses some, each a finding.
    package func list<Value>(
        _ key: String,
        atMost limit: Int = .max,
        _ read: (TOMLValue) throws(TOMLValue.Refusal) -> Value
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

    package func flag(_ key: String) -> Bool? {
        value(key) { setting throws(TOMLValue.Refusal) in try setting.boolean() }
    }

    /// The table `key`; an empty one where there is none.
    package func table(_ key: String) -> TOMLTable {
        let table = value(key) { setting throws(TOMLValue.Refusal) in try setting.table() }
        return TOMLTable(table ?? [:], at: path[key], findings: findings)
    }

    /// The tables `[[key]]`; `nil` where the file has no such key, or no table in it.
    package func tables(_ key: String) -> [TOMLTable]? {
        if case .table = settings[key] {
            refuse(key, "is a table", "write [[\(key)]], as there may be several")
            return nil
        }
        guard let elements = elements(key) else { return nil }
        let tables = elements.enumerated().compactMap { offset, element in
            let place = path[key][offset]
            return tried(element, at: place) { setting throws(TOMLValue.Refusal) in
                TOMLTable(try setting.table(), at: place, findings: findings)
            }
        }
        return tables.isEmpty && !elements.isEmpty ? nil : tables
    }

    package func refuse(_ key: String, _ reason: String, _ remedy: String) {
        findings.add(path[key], TOMLValue.Refusal(reason, remedy))
    }

    /// A key that nobody asks for is most likely a rule that its author believes to hold.
    package func refuseAllBut(_ known: [String], of file: String = "a policy") {
        for key in settings.keys.sorted() where !known.contains(key) && !findings.isFull {
            let close = known.min { Self.distance(key, $0) < Self.distance(key, $1) }
            let guess = close.flatMap { Self.distance(key, $0) <= 2 ? $0 : nil }
            let remedy =
                guess.map { "did you mean `\($0)`?" }
                ?? "known here: \(known.joined(separator: ", "))"
            refuse(key, "is no key of \(file)", remedy)
        }
    }

    private func elements(_ key: String) -> [TOMLValue]? {
        value(key) { setting throws(TOMLValue.Refusal) in try setting.array() }
    }

    private func tried<Value>(
        _ setting: TOMLValue,
        at place: TOMLPath,
        _ read: (TOMLValue) throws(TOMLValue.Refusal) -> Value
    ) -> Value? {
        do throws(TOMLValue.Refusal) {
            return try read(setting)
        } catch {
            findings.add(place, error)
            return nil
        }
    }

    /// A hostile key may be long; no key of a policy is far longer than what it is compared with.
    private static func distance(_ left: String, _ right: String) -> Int {
        guard left.utf8.count <= right.utf8.count + 2 else { return .max }
        return Spelling.distance(Array(left.utf8), Array(right.utf8))
    }
}
