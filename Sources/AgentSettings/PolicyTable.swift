import Admission
import Grants
import StrictTOML

/// Values that only policies have.
extension TOMLTable {
    func path(_ key: String) -> String? {
        value(key) { setting throws(TOMLValue.Refusal) in try setting.path() }
    }

    /// Networks, none of them everyone, none of them twice.
    func networks(_ key: String) -> [Prefix]? {
        var seen: Set<Prefix> = []
        return list(key) { setting throws(TOMLValue.Refusal) in
            let network = try setting.network()
            guard seen.insert(network).inserted else {
                throw TOMLValue.Refusal("is \(network) once more", "once is enough")
            }
            return network
        }
    }

    /// Texts of some meaning, none of them empty and none of them twice.
    func texts<Value>(
        _ key: String,
        atMost limit: Int,
        _ read: (String) throws(TOMLValue.Refusal) -> Value
    ) -> [Value]? {
        var seen: Set<String> = []
        return list(key, atMost: limit) { setting throws(TOMLValue.Refusal) in
            let text = try setting.printable()
            guard !text.isEmpty else { throw TOMLValue.Refusal("is empty", "leave it out") }
            guard seen.insert(text).inserted else {
                throw TOMLValue.Refusal("is \(QuotedText(text)) once more", "once is enough")
            }
            return try read(text)
        }
    }

    /// Lists of patterns of names, each in a string of its own.
    func patterns(_ key: String, atMost limit: Int) -> [NamePatterns]? {
        list(key, atMost: limit) { setting throws(TOMLValue.Refusal) in
            let patterns = try setting.namePatterns()
            guard !patterns.isContradictory else {
                let remedy = "a name or a pattern such as \"ops-*\" belongs here"
                throw TOMLValue.Refusal("is \(patterns), which nobody can meet", remedy)
            }
            return patterns
        }
    }

    /// The labels of a host.
    func labels(_ key: String) -> [String: String] {
        let labels = table(key)
        if labels.keys.count > 64 {
            refuse(key, "has \(labels.keys.count) labels", "at most 64 fit here")
            return [:]
        }
        var read: [String: String] = [:]
        for name in labels.keys {
            guard HostLabel.isWord(name) else {
                labels.refuse(name, "is no name of a label", HostLabel.grammar)
                continue
            }
            read[name] = labels.value(name) { setting throws(TOMLValue.Refusal) in
                let text = try setting.string()
                guard HostLabel.isWord(text) else {
                    throw TOMLValue.Refusal(
                        "is \(QuotedText(text)), which is no value of a label",
                        HostLabel.grammar
                    )
                }
                return text
            }
        }
        return read
    }

    /// Origins of pages, none of them twice.
    func origins(_ key: String) -> [String]? {
        var seen: Set<String> = []
        return list(key, atMost: 64) { setting throws(TOMLValue.Refusal) in
            let origin = try setting.origin()
            guard seen.insert(origin).inserted else {
                throw TOMLValue.Refusal("is \(QuotedText(origin)) once more", "once is enough")
            }
            return origin
        }
    }

    /// Lengths of time, none of them twice.
    func durations(
        _ key: String,
        in range: ClosedRange<Duration>,
        atMost limit: Int
    ) -> [Duration]? {
        var seen: Set<Duration> = []
        return list(key, atMost: limit) { setting throws(TOMLValue.Refusal) in
            let duration = try setting.duration(in: range)
            guard seen.insert(duration).inserted else {
                throw TOMLValue.Refusal("is \(duration.shortText) once more", "once is enough")
            }
            return duration
        }
    }
}
