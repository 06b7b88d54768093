import Admission
import Conditions
import Grants
import StrictJSON

/// The reason why a status, or the state of a witness, is not one.
package struct StatusError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension HostStatus {
    /// Reads a line of JSON; members that are not known are passed over.
    package init(parsing line: [UInt8]) throws(StatusError) {
        let reader = try StatusReader(parsing: line, limit: Self.limit)
        self.init(of: try Host(reader), at: try Instant(reader))
        mode = try reader.choice("mode")
        trialUntil = try reader.optional("trial_until", reader.moment)
        conditions = try reader.list("conditions") { Condition($0) }
        ports = try reader.objects("ports", PortReport.init)
        maxWait = try reader.duration("max_wait")
        labels = try reader.labels()
        digests = Digests(
            policy: try reader.hexadecimal("policy", 64),
            signers: try reader.hexadecimal("signers", 64),
            revokedKeys: try reader.optional("revoked_keys") { name throws(StatusError) in
                try reader.hexadecimal(name, 64)
            }
        )
        trusted = try reader.parsed("trusted", Prefix.init(parsing:))
        grants.open = try reader.objects("open", OpenGrant.init)
        grants.waiting = Int(try reader.count("waiting"))
        grants.draining = Int(try reader.count("draining"))
        bulletin = try reader.optional("bulletin") { name throws(StatusError) in
            try Bulletin(try reader.object(name))
        }
        leftOut = try reader.leftOut()
    }
}

extension HostStatus.Instant {
    fileprivate init(_ reader: StatusReader) throws(StatusError) {
        self.init(
            time: try reader.moment("time"),
            bootID: try reader.hexadecimal("boot", 32),
            bootTime: try reader.count("boottime")
        )
    }
}

extension HostStatus.Host {
    fileprivate init(_ reader: StatusReader) throws(StatusError) {
        self.init(
            hostname: try reader.text("hostname"),
            machineID: try reader.optional("machine", reader.text),
            version: try reader.text("version"),
            kernel: try reader.text("kernel"),
            tableOwnership: try reader.text("table_ownership")
        )
    }
}

extension HostStatus.PortReport {
    fileprivate init(_ reader: StatusReader) throws(StatusError) {
        port = try reader.value("port", Port.init(parsing:))
        maxDuration = try reader.duration("max_duration")
        let widest = try reader.texts("widest_source").map { $0.dropFirst() }.map { Int($0) }
        guard widest.count == 2, let ipv4 = widest[0], let ipv6 = widest[1],
            (0...32).contains(ipv4), (0...128).contains(ipv6)
        else { throw reader.error("widest_source") }
        (widestIPv4, widestIPv6) = (ipv4, ipv6)
        allowedSources = try reader.parsed("allowed_sources", Prefix.init(parsing:))
        approvals = Int(try reader.count("approvals"))
        separateRequestor = try reader.flag("separate_requestor")
        requireJustification = try reader.flag("require_justification")
        requireTicket = try reader.texts("require_ticket")
        approvalsFrom = try reader.texts("approvals_from")
        onExpiry = try reader.choice("on_expiry")
        drainLimit = try reader.duration("drain_limit")
    }
}

extension HostStatus.OpenGrant {
    fileprivate init(_ reader: StatusReader) throws(StatusError) {
        id = try reader.value("id", GrantID.init(parsing:))
        digest = try reader.hexadecimal("sha256", 64)
        requestor = try reader.text("requestor")
        signers = try reader.texts("signers")
        sources = try reader.parsed("sources", Prefix.init(parsing:))
        ports = try reader.parsed("ports", Port.init(parsing:))
        opened = try reader.moment("opened")
        deadline = try reader.moment("deadline")
        ticket = try reader.optional("ticket", reader.text)
    }
}

extension HostStatus.Bulletin {
    fileprivate init(_ reader: StatusReader) throws(StatusError) {
        self.init(
            issued: try reader.moment("issued"),
            expires: try reader.moment("expires"),
            digest: try reader.optional("sha256") { name throws(StatusError) in
                try reader.hexadecimal(name, 64)
            }
        )
    }
}

extension StatusReader {
    fileprivate func labels() throws(StatusError) -> [String: String] {
        var labels: [String: String] = [:]
        for member in try object("labels").members {
            guard let text = member.value.text else { throw error("labels") }
            labels[member.name] = text
        }
        return labels
    }

    fileprivate func leftOut() throws(StatusError) -> [HostStatus.List: Int] {
        var counts: [HostStatus.List: Int] = [:]
        let members = try optional("left_out") { name throws(StatusError) in
            try object(name).members
        }
        for member in members ?? [] {
            guard let count = member.value.number, count >= 0 else { throw error("left_out") }
            if let name = HostStatus.List(rawValue: member.name) { counts[name] = Int(count) }
        }
        return counts
    }
}
