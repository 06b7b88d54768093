import Attestation
import AuditFiles
import Auditing
import CommandSupport
import Depot
import Grants
import Linux
import Posture
import Publishing
import Reporting
import SystemPackage
import Transparency

/// Reads the statuses and the collected logs of all hosts, one after the other.
struct FleetReporter {
    let fleet: Fleet
    /// The directory of the collected logs.
    let logs: String?
    let isPruned: Bool
    private(set) var model: FleetReportModel
    private var policies = RecordedPolicies()

    init(fleet: Fleet, logs: String?, isPruned: Bool, model: FleetReportModel) {
        (self.fleet, self.logs, self.isPruned, self.model) = (fleet, logs, isPruned, model)
    }

    mutating func run(on console: Console) throws(CommandFailure) {
        let posture = try fleet.posture(console)
        var progress = FleetProgress(of: posture.hosts.count, "logs", on: console)
        defer { progress.end() }
        for (entry, host) in zip(fleet.inventory.entries, posture.hosts) {
            try add(entry, host, on: console.forOneOfMany)
            progress.advance()
        }
    }

    private mutating func add(
        _ entry: Inventory.Entry,
        _ posture: HostPosture,
        on console: Console
    ) throws(CommandFailure) {
        let witness = try fleet.known(entry)
        let host = ReportedHost(posture, witness)
        guard case .keyed(let key) = entry.kind else {
            let isThere = logs.map { FileAccess.exists("\($0)/\(entry.host)") } ?? false
            let text = isThere ? "it is there, and the inventory has no key to verify it by" : ""
            model.add(host, ReportedLog(.unexpected, text), nil)
            return
        }
        var records = model.host(host.name)
        let log = CollectedLog(
            path: logs.map { "\($0)/\(entry.host)" },
            key: key,
            isPruned: isPruned,
            witness: witness
        )
        let result = log.verify(on: console) { record in
            let (policy, fallback) = policies.carried(by: record.entry)
            records.take(record, policy: policy, fallback: fallback)
        }
        records.finish(at: console.now())
        model.add(host, result, result.outcome == .absent ? nil : records)
    }

    /// The folders of logs that belong to no host of the inventory.
    func strangers() throws(CommandFailure) -> [String] {
        guard let logs else { return [] }
        let known = Set(fleet.inventory.entries.map(\.host.description))
        do throws(Errno) {
            return try DirectoryListing.names(in: logs)
                .filter { !known.contains($0) && !$0.hasPrefix(".") }.sorted()
        } catch {
            throw CommandFailure(.noInput, "\(logs): \(error)")
        }
    }
}

extension ReportedHost {
    fileprivate init(_ posture: HostPosture, _ witness: WitnessedHost?) {
        self.init(
            posture.host.description,
            group: posture.group,
            state: posture.state.rawValue,
            reason: posture.reason ?? ""
        )
        signers = posture.status?.digests.signers
        trusted = (posture.status?.trusted ?? []).map(\.description)
        let open = [witness?.fork].compactMap(\.self)
            .map { ReportedFork($0.kind.rawValue, seen: $0.seen, accepted: nil, reason: "") }
        let accepted = (witness?.accepted ?? []).map { item in
            ReportedFork(
                item.fork.kind.rawValue,
                seen: item.fork.seen,
                accepted: item.at,
                reason: item.reason
            )
        }
        forks = open + accepted
    }
}

/// The log of a host as an auditor collected it.
struct CollectedLog {
    /// Its folder; `nil` if no logs were collected.
    let path: String?
    let key: VerifierKey
    let isPruned: Bool
    let witness: WitnessedHost?

    /// Verifies the log, hands over each record that is signed, and compares it with what the
    /// witness has seen.
    func verify(on console: Console, _ each: (Record) -> Void) -> ReportedLog {
        guard let path else { return ReportedLog(.absent, "") }
        guard FileAccess.exists(path) else {
            return ReportedLog(.absent, "there is no folder \(path)")
        }
        do throws(CommandFailure) {
            let places = LogUnderAudit.Places(log: path, state: path, isPruned: isPruned)
            let log = try LogUnderAudit(at: places, heldTo: key, needsState: false)
            var pass = try AuditPass(log)
            try pass.run(on: console, each)
            var result = result(of: pass)
            (result.size, result.root) = (pass.checkpoint.size, pass.checkpoint.root.base64)
            return result
        } catch {
            let isMissing = [.noInput, .noPermission].contains(error.status)
            return ReportedLog(isMissing ? .absent : .failed, error.message)
        }
    }

    private func result(of pass: AuditPass) -> ReportedLog {
        // A copy of a log to which an agent writes ends with records that are not signed yet.
        let flaws = pass.flaws.filter { $0.kind != .extended }
        if let first = flaws.first {
            let more = flaws.count > 1 ? ", and \((flaws.count - 1).counting("more flaw"))" : ""
            return ReportedLog(.failed, first.description + more)
        }
        guard let witness, let newest = witness.newest else {
            return ReportedLog(.unwitnessed, "")
        }
        if let fork = witness.fork {
            return ReportedLog(.failed, "the witness keeps a fork since \(fork.seen.wholeSecond)")
        }
        return compare(pass, witness, newest)
    }

    private func compare(
        _ pass: AuditPass,
        _ witness: WitnessedHost,
        _ newest: Sighting
    ) -> ReportedLog {
        let size = pass.checkpoint.size
        let seen = [witness.base].compactMap(\.self) + witness.unproved + witness.skipped
        for known in seen.map(\.checkpoint.checkpoint) where known.size <= size {
            guard pass.root(of: known.size) != known.root else { continue }
            let text = "its first \(known.size) records are not those that the witness has seen"
            return ReportedLog(.failed, text)
        }
        let (most, moment) = (newest.position.size, newest.seen.wholeSecond)
        guard most <= size else {
            let text = "it has \(size) records, and the witness saw \(most) at \(moment)"
            return ReportedLog(.behind, text)
        }
        let rest =
            pass.flaws.isEmpty ? "" : "; records behind them are not signed yet, and left out"
        let text = "\(size) records, of which the witness saw \(most) at \(moment)"
        return ReportedLog(.verified, text + rest)
    }
}
