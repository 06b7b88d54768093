import Depot
import Grants
import HubStorage
import Logging
import Posture

extension FleetBoard {
    /// Sets the one alarm, for the moment at which the next host is silent.
    func setAlarm() {
        let quiet = quietUntil > now() ? quietUntil : nil
        guard let next = [fleet.nextAlarm, quiet].compactMap(\.self).min() else { return }
        if let alarm, alarm.at <= next { return }
        alarm?.task.cancel()
        // Whole seconds, so that hosts that end close together are one wake-up.
        let pause = max(0, (next - now()).components.seconds) + 1
        let task = Task {
            try? await Task.sleep(for: .seconds(pause))
            if !Task.isCancelled { await self.ring() }
        }
        alarm = (next, task)
    }

    /// Takes note of the hosts that are silent by now.
    func ring() async {
        alarm = nil
        let moment = now()
        let wasQuiet = quietUntil != Moment(microseconds: .min)
        var silent = fleet.advance(to: moment).filter { $0.to == .silent }.map(\.host)
        if moment >= quietUntil, wasQuiet {
            quietUntil = Moment(microseconds: .min)
            silent = fleet.hosts(at: moment).filter { $0.state == .silent && $0.status != nil }
                .map(\.host)
        }
        if moment >= quietUntil, !silent.isEmpty { await tell(silent) }
        setAlarm()
    }

    /// Puts on record that hosts are silent, unless another hub has.
    private func tell(_ silent: [ShelfName]) async {
        let moment = now()
        let limit = moment + (.zero - fleet.silentAfter)
        do throws(StorageError) {
            try await database.write { statements throws(StorageError) in
                for host in silent {
                    let records = SilenceRecords(statements: statements, host: host)
                    try records.tell(unlessHeardSince: limit, at: moment)
                }
            }
        } catch {
            logger.error("silence is not on record", metadata: ["reason": "\(error)"])
        }
    }
}

/// The entries of the hub's log about the silence of a host.
private struct SilenceRecords {
    let statements: any Statements
    let host: ShelfName

    /// Adds an entry, unless the last one says so or the host was heard, by any hub.
    func tell(unlessHeardSince limit: Moment, at now: Moment) throws(StorageError) {
        let heard = try statements.rows(
            "SELECT seen FROM status WHERE host = $1",
            [.text(host.description)]
        )
        guard let seen = try heard.first?.moment(0), seen < limit else { return }
        let last = try statements.rows(
            """
            SELECT event FROM activity
            WHERE host = $1 AND event IN ('host-first', 'host-silent', 'host-back')
            ORDER BY position DESC LIMIT 1
            """,
            [.text(host.description)]
        )
        guard try last.first?.text(0) != ActivityEvent.hostSilent.rawValue else { return }
        try ActivityRecords(statements: statements).append(
            ActivityEntry(
                .hostSilent,
                at: now,
                host: host.description,
                "\(host) is silent since \(seen.wholeSecond)"
            )
        )
    }
}
