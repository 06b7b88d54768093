package import Conditions
package import Grants
import StrictJSON

/// The state file of jitgate-fetch as others look at it: nothing else of it is believed.
package struct CarrierReport: Hashable, Sendable {
    /// The longest file that is read, in bytes.
    package static let fileLimit = 64 << 10
    /// A silence that is shorter is none: a depot restarts, a connection breaks.
    package static let patience: Duration = .seconds(120)
    /// A client certificate is warned about so long before its end.
    package static let certificateNotice: Duration = .seconds(14 * 86_400)
    /// Reasons are cut to so many characters.
    private static let reasonLimit = 256

    /// A depot that does not answer, or is not asked.
    package struct Silence: Hashable, Sendable {
        package let since: Moment
        package let reason: String
    }

    package let depot: String
    private let silentSince: Moment?
    private let error: String?
    private let next: Moment?
    private let certificateEnd: Moment?

    /// Reads a state file; `nil` if it is none.
    package init?(parsing bytes: [UInt8]) {
        let limits = JSONNode.Limits(bytes: Self.fileLimit, depth: 8)
        guard let value = try? JSONNode.parse(bytes, limits: limits).value,
            value["jitgate"]?.text == "fetch/1", let depot = value["depot"]?.text
        else { return nil }
        func moment(_ name: String) -> Moment? {
            value[name]?.text.flatMap { try? Moment(parsing: $0) }
        }
        self.depot = Self.shortened(depot)
        error = value["error"]?.text.map(Self.shortened)
        (silentSince, next) = (moment("silent_since"), moment("next"))
        certificateEnd = moment("certificate_expires")
    }

    /// Why no files come, if none come.
    package func silence(at now: Moment) -> Silence? {
        if let silentSince, now - silentSince >= Self.patience {
            return Silence(since: silentSince, reason: error ?? "it does not answer")
        }
        if let next, now - next >= Self.patience {
            return Silence(since: next, reason: "jitgate-fetch does not run")
        }
        return nil
    }

    /// The end of the client certificate, if it is near or past.
    package func expiringCertificate(at now: Moment) -> Moment? {
        certificateEnd.flatMap { $0 - now < Self.certificateNotice ? $0 : nil }
    }

    private static func shortened(_ text: String) -> String {
        let safe = TerminalText.safe(text)
        return safe.count > reasonLimit ? safe.prefix(reasonLimit) + "…" : safe
    }
}

extension CarrierReport {
    /// The conditions of the inbox that is filled, as of a moment.
    package func conditions(
        of inbox: String,
        at now: Moment
    ) -> (silence: Condition?, certificate: Condition?) {
        let silent = silence(at: now).map { silence in
            DepotConditions.depotSilent(inbox, depot, since: silence.since, because: silence.reason)
        }
        let end = expiringCertificate(at: now)
        return (silent, end.map { DepotConditions.certificateExpires(inbox, $0) })
    }
}
