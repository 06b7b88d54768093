import Auditing
import Grants
import Reporting

/// Records as an agent would write them, for reports to be made of.
struct Logbook {
    /// 2026-11-01T00:00:00Z.
    static let start = Moment(microseconds: 1_793_491_200_000_000)
    static let period = Period(start: start, end: start + .seconds(30 * 86_400))

    private(set) var records: [Record] = []
    /// The policies by SHA-256; one that is not here trusts nobody.
    var policies: [String: ReportedPolicy?] = [:]

    mutating func add(
        _ event: AuditEvent,
        after hours: Double,
        _ message: String = "It happened",
        _ fields: [AuditField: [String]] = [:]
    ) {
        let moment = Self.start + .milliseconds(Int64(hours * 3_600_000))
        add(event, at: moment, message, fields)
    }

    mutating func add(
        _ event: AuditEvent,
        at moment: Moment,
        _ message: String = "It happened",
        _ fields: [AuditField: [String]] = [:]
    ) {
        let record = Record(
            sequence: UInt64(records.count),
            stamp: RecordStamp(
                realtime: moment,
                boot: 0,
                bootID: String(repeating: "a", count: 32),
                machineID: String(repeating: "b", count: 32),
                hostname: "web-1"
            ),
            entry: AuditEntry(event, message, fields: fields)
        )
        records.append(record)
    }

    /// The fields of every record of a grant.
    static func grant(
        _ id: String,
        _ requestor: String = "dana",
        signers: [String] = ["ops@example.com"]
    ) -> [AuditField: [String]] {
        [
            .grant: [id], .digest: ["00"], .requestor: [requestor], .signers: signers,
            .justification: ["disk full"], .sources: ["203.0.113.7/32"], .ports: ["22/tcp"],
            .file: ["/g"],
        ]
    }

    /// A grant from its acceptance to its end.
    mutating func addGrant(
        _ fields: [AuditField: [String]],
        at hours: Double,
        for length: Double = 2,
        ending reason: String? = "expired"
    ) {
        add(.grantAccepted, after: hours, "Accepted", fields)
        var opened = fields
        let deadline = Self.start + .milliseconds(Int64((hours + length) * 3_600_000))
        opened[.deadline] = [deadline.description]
        add(.grantOpened, after: hours, "Opened", opened)
        guard let reason else { return }
        var closed = fields
        closed[.reason] = [reason]
        add(.grantClosed, after: hours + length, "Closed", closed)
    }

    func model(of period: Period = Logbook.period) -> ReportModel {
        var model = ReportModel(of: period)
        for record in records.sorted(by: { $0.stamp.realtime < $1.stamp.realtime }) {
            model.take(
                record,
                policy: policy(record.entry[.policyDigest], record.entry),
                fallback: policy(record.entry[.fallback], record.entry)
            )
        }
        model.finish(at: period.end)
        return model
    }

    private func policy(_ name: String?, _ entry: AuditEntry) -> ReportedPolicy? {
        guard let name else { return nil }
        return policies[name] ?? ReportedPolicy(mode: entry[.mode] ?? "enforce", trusted: [])
    }

    func html() -> String { Self.html(of: model()) }

    static func html(of model: ReportModel) -> String {
        let context = ReportContext(
            made: period.end,
            log: "/var/log/jitgate/audit.jsonl",
            verification: ReportedVerification(
                .verified,
                findings: ["Every record is in the tree."],
                checkpoint: "jitgate/web-1\n42\nAAAA=\n\n\u{2014} jitgate/web-1 abcd\n",
                key: "jitgate/web-1+00000000+AAAA"
            )
        )
        return String(decoding: Report(model, context).html(), as: UTF8.self)
    }
}
