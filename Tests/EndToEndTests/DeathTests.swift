import Foundation
import StrictJSON
import TestSupport
import Testing

/// The call at which an agent dies (Tests/CFaults).
private struct Fault: CustomStringConvertible {
    let kind: String
    let number: Int
    let when: String
    let kernel: String
    var description: String { "\(kind):\(number):\(when)" }
    /// The same at one of the calls that a start is made of.
    var early: Fault {
        Fault(kind: kind, number: number / 2 % 5 + 1, when: when, kernel: kernel)
    }
    var environment: [String: String] {
        ["LD_PRELOAD": AgentHost.faults, "FAULT": description, "KERNEL": kernel]
    }
}

/// At which calls the agent dies, and how far it gets with them.
private struct Death: Sendable, CustomStringConvertible {
    let kind: String
    let when: String
    /// The kernel that the agent finds; some can do less than the one at hand.
    let kernel: String
    /// The distance between the calls that are tried, since many are alike.
    let stride: Int
    /// The least number of them in an hour.
    let least: Int
    var description: String { "\(when) \(kind) on \(kernel)" }

    init(
        _ when: String,
        _ kind: String,
        on kernel: String = "6.999",
        every stride: Int = 1,
        least: Int
    ) {
        self.kind = kind
        self.when = when
        self.kernel = kernel
        self.stride = stride
        self.least = least
    }

    static let all = [
        Death("torn", "line", least: 12), Death("before", "record", least: 12),
        Death("after", "record", least: 12), Death("before", "commit", least: 12),
        Death("after", "commit", least: 12), Death("after", "commit", on: "6.2", least: 12),
        Death("before", "unlink", least: 3),
        Death("after", "unlink", least: 3), Death("torn", "write", every: 3, least: 9),
        Death("torn", "pwrite", every: 3, least: 3), Death("before", "rename", every: 3, least: 4),
        Death("before", "fsync", every: 2, least: 3), Death("after", "ftruncate", least: 1),
    ]

    /// One host after another lives through the hour, and its agent dies later each time.
    ///
    /// Answers how often it died before an hour went by without.
    func strike(_ hour: HourOfGrants) throws -> Int {
        var deaths = 0
        while true {
            let fault = Fault(kind: kind, number: 1 + deaths * stride, when: when, kernel: kernel)
            do {
                guard try Life(hour: hour).live(dyingAt: fault) else { return deaths }
            } catch {
                throw CommandFailure("\(fault) on \(kernel): \(error)")
            }
            deaths += 1
        }
    }
}

/// A host that lives through an hour.
private struct Life {
    let hour: HourOfGrants
    let host: AgentHost

    init(hour: HourOfGrants) throws {
        self.hour = hour
        host = try AgentHost(signers: hour.signer)
    }

    /// Returns true if the agent died before its end.
    func live(dyingAt fault: Fault) throws -> Bool {
        try launch(fault)
        var (before, hasDied): (Set<Int>, Bool) = ([], false)
        for step in hour.steps {
            do {
                if try take(step, before, fault) { hasDied = true }
            } catch {
                throw CommandFailure("\(step.name): \(error)")
            }
            before = step.open
        }
        host.kill()
        try host.start()
        try expectOneOf([before])
        try expectEnd()
        return hasDied
    }

    /// Takes a step, by another agent if the first one dies in it; answers whether it did.
    private func take(
        _ step: HourOfGrants.Step,
        _ before: Set<Int>,
        _ fault: Fault
    ) throws -> Bool {
        try step.act(host)
        try eventually { try host.wasKilled || step.isDone(host) && isOpen(step.open) }
        guard host.wasKilled else { return false }
        try expectOneOf([before, step.open])
        // Every other time, as it takes a while.
        if fault.number.isMultiple(of: 2) {
            try startAndDie(fault.early)
            try expectOneOf([before, step.open])
        }
        try host.start()
        try eventually { try (step.isLast || step.isDone(host)) && isOpen(step.open) }
        return true
    }

    private func launch(_ fault: Fault) throws {
        try host.launch(environment: fault.environment)
    }

    /// The one that takes up what is there dies of it, too, or is killed when it is done.
    private func startAndDie(_ fault: Fault) throws {
        host.kill()
        let before = try host.records("agent-started").count
        try launch(fault)
        try eventually { try !host.isRunning || host.records("agent-started").count > before }
        host.kill()
    }

    // MARK: what must be so

    /// The brief grant's time may come at any step.
    private let brief: Set = [HourOfGrants.brief]

    private func isOpen(_ wanted: Set<Int>) throws -> Bool {
        let open = try openOnRecord()
        return open.union(brief) == wanted.union(brief) && open.isSubset(of: wanted)
    }

    /// A step was taken or it was not.
    private func expectOneOf(_ states: [Set<Int>]) throws {
        let open = try openOnRecord()
        try expect(states.map { $0.union(brief) }.contains(open.union(brief)), "open", open)
    }

    /// The openings, after a check that by the log all of them were opened and none was closed.
    private func openOnRecord() throws -> Set<Int> {
        let closed = try hour.named(by: "grant-closed", of: host)
        let open = try Set(host.addressesLeft().keys)
        let opened = try hour.named(by: "grant-opened", of: host)
        let recorded = hour.addresses(of: opened.subtracting(closed))
        try expect(open.isSubset(of: recorded), "on record \(recorded), open", open)
        return open
    }

    private func expectEnd() throws {
        let records = try host.records()
        let numbers = records.map { $0["JITGATE_SEQ"]?.text }
        try expect(numbers == records.indices.map { String($0) }, "the numbers", numbers)
        for (name, reason) in hour.ends {
            let own = records.filter { $0["JITGATE_GRANT"]?.text == hour.id(of: name) }
            let events = own.compactMap { $0["JITGATE_EVENT"]?.text }
            let life = ["grant-accepted", "grant-opened"] + (reason == nil ? [] : ["grant-closed"])
            try expect(events == life, name, events)
            let last = own.last?["JITGATE_REASON"]?.text
            try expect(last == reason, name, last as Any)
        }
        let left = try host.addressesLeft()[HourOfGrants.extended] ?? 0
        try expect(abs(hour.latest.timeIntervalSinceNow - Double(left)) < 5, "time left", left)
        let verdict = try host.jitgate("audit", "verify")
        try expect(verdict.status == 0, "audit verify", verdict.text + verdict.errors)
    }

    private func expect(_ isSo: Bool, _ what: String, _ found: Any) throws {
        if !isSo { throw CommandFailure("\(what): \(found)") }
    }
}

@Suite struct `An agent that dies` {
    @Test func `at any record or commit of an hour leaves what the next one goes on with`() throws {
        let hour = try HourOfGrants()
        for (death, result) in zip(Death.all, concurrently(Death.all) { try $0.strike(hour) }) {
            switch result {
            case .success(let deaths): #expect(deaths >= death.least, "\(death): \(deaths)")
            case .failure(let error): Issue.record(error)
            }
        }
    }
}
