/// Metrics in the text form of OpenMetrics.
struct MetricsText {
    private var lines: [String] = []

    /// The whole text with its end.
    var text: String { (lines + ["# EOF"]).joined(separator: "\n") + "\n" }

    mutating func gauge(_ name: String, _ value: Int64, _ labels: [String: String] = [:]) {
        add(name, "gauge", "", [(labels, value)])
    }

    /// A gauge with one label.
    mutating func gauge(_ name: String, by label: String, _ values: [(String, Int64)]) {
        add(name, "gauge", "", values.map { ([label: $0.0], $0.1) })
    }

    mutating func counter(_ name: String, _ values: [([String: String], Int64)]) {
        add(name, "counter", "_total", values)
    }

    private mutating func add(
        _ name: String,
        _ type: String,
        _ suffix: String,
        _ values: [([String: String], Int64)]
    ) {
        lines.append("# TYPE jitgate_hub_\(name) \(type)")
        for (labels, value) in values {
            let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }
            let list = pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
            lines.append("jitgate_hub_\(name)\(suffix)\(list) \(value)")
        }
    }
}
