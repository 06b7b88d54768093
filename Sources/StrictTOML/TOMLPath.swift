/// The place of a setting in the policy: `port[1].max_duration`.
package struct TOMLPath: Hashable, Sendable {
    enum Step: Hashable, Sendable {
        case key(String)
        /// From 0, as TOML has no numbers for the elements of an array.
        case index(Int)
    }

    private(set) var steps: [Step] = []

    /// The path of the whole file.
    package init() {}

    private init(_ steps: [Step]) {
        self.steps = steps
    }

    package subscript(_ key: String) -> Self { Self(steps + [.key(key)]) }
    package subscript(_ index: Int) -> Self { Self(steps + [.index(index)]) }
    subscript(_ step: Step) -> Self { Self(steps + [step]) }

    /// The setting that this one stands in; `nil` for the whole file.
    var parent: Self? { steps.isEmpty ? nil : Self(steps.dropLast()) }
}

extension TOMLPath: CustomStringConvertible {
    package var description: String {
        steps.reduce(into: "") { text, step in
            switch step {
            case .key(let key): text += (text.isEmpty ? "" : ".") + Self.spelled(key)
            case .index(let index): text += "[\(index)]"
            }
        }
    }

    /// A bare key as it is, any other as a quoted and shortened one.
    private static func spelled(_ key: String) -> String {
        let isBare = !key.isEmpty && key.utf8.allSatisfy(\.isBareKeyByte)
        return isBare && key.utf8.count <= QuotedText.limit ? key : "\(QuotedText(key))"
    }
}

extension UInt8 {
    /// True if TOML lets this byte stand in a key without quotes.
    package var isBareKeyByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
