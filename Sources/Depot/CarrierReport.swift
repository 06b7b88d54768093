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

    /// A depot that does not answer, or is not asked; or an object that does not arrive.
    package struct Silence: Hashable, Sendable {
        package let since: Moment
        package let reason: String
    }

    package let depot: String
    private let silentSince: Moment?
    private let error: String?
    private let next: Moment?
    private let certificateEnd: Moment?
    /// The objects that fail while the depot answers, the inbox last.
    private let failures: [Silence]

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
        let objects = value["objects"]?.items ?? []
        failures = (objects + [value["inbox"] ?? .null]).compactMap(Self.failure)
    }

    private static func failure(of value: JSONValue) -> Silence? {
        let since = value["failing_since"]?.text.flatMap { try? Moment(parsing: $0) }
        guard let since else { return nil }
        let parts = [value["object"]?.text, value["error"]?.text ?? "it is missing"]
        let reason = parts.compactMap(\.self).joined(separator: ": ")
        return Silence(since: since, reason: shortened(reason))
    }

    /// The silence of the depot, if nothing comes from it.
    package func silence(at now: Moment, patience: Duration = Self.patience) -> Silence? {
        if let silentSince, now - silentSince >= patience {
            return Silence(since: silentSince, reason: error ?? "it does not answer")
        }
        if let next, now - next >= Self.patience {
            return Silence(since: next, reason: "jitgate-fetch does not run")
        }
        return nil
    }

    /// The object that has not arrived for the longest time although the depot answers.
    package func gap(at now: Moment, patience: Duration = Self.patience) -> Silence? {
        failures.filter { now - $0.since >= patience }.min { $0.since < $1.since }
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
    /// The conditions of the inbox that is filled, as of a moment; who asks for them now need have
    /// no patience.
    package func conditions(
        of inbox: String,
        at now: Moment,
        patience: Duration = Self.patience
    ) -> Conditions {
        let silence = silence(at: now, patience: patience)
        let gap = silence == nil ? gap(at: now, patience: patience) : nil
        return Conditions(
            silence: silence.map {
                DepotConditions.depotSilent(inbox, depot, since: $0.since, because: $0.reason)
            },
            gap: gap.map {
                DepotConditions.depotIncomplete(inbox, depot, since: $0.since, because: $0.reason)
            },
            certificate: expiringCertificate(at: now).map {
                DepotConditions.certificateExpires(inbox, $0)
            }
        )
    }

    /// The conditions of a depot and the inbox that it fills.
    package struct Conditions: Hashable, Sendable {
        package let silence: Condition?
        package let gap: Condition?
        package let certificate: Condition?
    }
}
