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
