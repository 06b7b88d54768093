import Admission
import Grants
import StrictTOML

/// Values that a policy spells as strings: names, networks, durations.
extension TOMLValue {
    /// A name that a grant's `hosts` could match: no globs, as those are for grants.
    func hostname() throws(Refusal) -> String {
        let text = try printable()
        let isName = text.utf8.allSatisfy { $0.isBareKeyByte || $0 == UInt8(ascii: ".") }
        guard isName, !text.isEmpty, text.utf8.count <= 253 else {
            throw Refusal(
                "is \(QuotedText(text)), which is no host name",
                "1 to 253 letters, digits, -, _ and . belong here"
            )
        }
        return text
    }

    /// The name of a user or a group as useradd(8) would have it.
    func accountName(of kind: String) throws(Refusal) -> String {
        let text = try printable()
        let first = text.utf8.first.map { $0 >= UInt8(ascii: "A") } ?? false
        guard first, text.utf8.allSatisfy(\.isBareKeyByte), text.utf8.count <= 32 else {
            throw Refusal(
                "is \(QuotedText(text)), which is no \(kind) name",
                "1 to 32 letters, digits, - and _ belong here, not a digit first"
            )
        }
        return text
    }

    /// A network, but not the whole of the internet: `/0` never passes.
    func network() throws(Refusal) -> Prefix {
        let text = try short("an address or a network such as \"10.20.0.0/24\" belongs here")
        let prefix: Prefix
        do throws(TextError) {
            prefix = try Prefix(parsing: text)
        } catch {
            throw Refusal("is no network", error.description)
        }
        guard prefix.length > 0 else {
            throw Refusal("is \(QuotedText(text)), which is everyone", "name the networks you mean")
        }
        return prefix
    }

    /// Patterns of names as allowed_signers has them, separated by commas.
    func namePatterns() throws(Refusal) -> NamePatterns {
        let text = try printable()
        do throws(TextError) {
            return try NamePatterns([text])
        } catch {
            throw Refusal("is \(QuotedText(text)), which is no pattern of names", error.description)
        }
    }

    /// A port such as `"22/tcp"`.
    func port() throws(Refusal) -> Port {
        let text = try short("a port such as \"22/tcp\" belongs here")
        do throws(TextError) {
            return try Port(parsing: text)
        } catch {
            throw Refusal("is no port", error.description)
        }
    }

    /// A length of time such as `"1h30m"`, within limits.
    func duration(in range: ClosedRange<Duration>) throws(Refusal) -> Duration {
        let text = try short("\"90m\", \"1h30m\" or \"2h\" would do")
        let duration: Duration
        do throws(TextError) {
            duration = try Duration(parsing: text)
        } catch {
            throw Refusal("is no duration", error.description)
        }
        guard range.contains(duration) else {
            let limits = "\(range.lowerBound.shortText) to \(range.upperBound.shortText)"
            throw Refusal("is \(QuotedText(text))", "\(limits) belongs here")
        }
        return duration
    }

    /// `true`, `false` or a length of time within limits.
    func existingSessionRule(
        in range: ClosedRange<Duration>
    ) throws(Refusal) -> ExistingSessionRule {
        switch self {
        case .boolean(let keeps): return keeps ? .keep(for: nil) : .reset
        case .string: return .keep(for: try duration(in: range))
        default: throw isNot("true, false or a duration such as \"12h\"")
        }
    }

    /// A prefix length alone, `"/24"`.
    func prefixLength() throws(Refusal) -> Int {
        let text = try printable()
        let digits = text.dropFirst()
        guard text.hasPrefix("/"), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(digits), digits == String(length), length <= 128
        else {
            throw Refusal(
                "is \(QuotedText(text)), which is no prefix length",
                "such as \"/24\" belongs here"
            )
        }
        guard length > 0 else {
            throw Refusal("is \"/0\", which is everyone", "\"/1\" is the widest that can pass")
        }
        return length
    }

    /// Text that a message can quote as it is.
    private func short(_ remedy: String) throws(Refusal) -> String {
        let text = try string()
        guard text.utf8.count <= 64, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw Refusal("is \(QuotedText(text))", remedy)
        }
        return text
    }
}
