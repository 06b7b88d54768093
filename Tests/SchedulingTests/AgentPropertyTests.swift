import Grants
import Scheduling
import TestSupport
import Testing

/// A host, the agent on it if one runs, and chance.
private struct Run {
    var random: SeededGenerator
    var host = ModelHost()
    var agent: ModelAgent?
    /// When the disk was last full, on the boot clock.
    var trouble: Int64 = 0
    var grants: [GrantID: Grant] = [:]

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }

    // MARK: what may happen

    mutating func step() {
        if agent == nil, number(0...2) == 0 { start() }
        switch number(0...19) {
        case 0...4: drop()
        case 5: remove()
        case 6: revoke()
        case 7: setWallClock()
        case 8: host.isDiskFull = number(0...2) == 0
        case 9: host.fuse = number(0...12)
        case 10 where number(0...3) == 0: reboot()
        case 11 where number(0...9) == 0: advance(by: 700_000_000)
        default: advance(by: Int64(number(1...5_000_000)))
        }
        if host.isDiskFull { trouble = host.boot }
    }

    private mutating func start() {
        if number(0...3) > 0 { host.fuse = nil }
        agent = try? ModelAgent(on: &host)
        if agent == nil { host.fuse = nil }
    }

    /// Lets the agent do something, which may be its last.
    private mutating func act(
        _ body: (inout ModelAgent, inout ModelHost) throws(ModelHost.Failure) -> Void
    ) {
        guard var living = agent.take() else { return }
        do {
            try body(&living, &host)
            agent = living
        } catch {
            host.fuse = nil
        }
    }

    private mutating func drop() {
        let now = max(host.wall, agent?.now(on: host) ?? host.wall)
        let delay = number(0...1) == 0 ? Duration.milliseconds(number(0...10_000)) : nil
        let length = number(0...1) == 0 ? Duration.milliseconds(number(10...20_000)) : nil
        let whole = makeGrant(grants.count + 1, source: number(0...2), expires: 0)
        let grant = Grant(
            id: whole.id,
            hosts: whole.hosts,
            requestor: whole.requestor,
            justification: nil,
            sources: whole.sources,
            ports: whole.ports,
            notBefore: delay.map { now + $0 },
            expires: now + .milliseconds(number(10...30_000)),
            duration: length
        )
        grants[grant.id] = grant
        host.files[grant.id] = grant
        act { agent, host throws(ModelHost.Failure) in
            agent.receive(grant, on: host)
            try agent.settle(on: &host)
        }
    }

    private mutating func remove() {
        guard let id = host.files.keys.sorted().randomElement(using: &random) else { return }
        host.files[id] = nil
        end(id, because: .removed)
    }

    private mutating func revoke() {
        guard let id = host.files.keys.sorted().randomElement(using: &random) else { return }
        end(id, because: .revoked)
    }

    private mutating func end(_ id: GrantID, because reason: EndReason) {
        act { agent, host throws(ModelHost.Failure) in
            agent.end(id, because: reason)
            try agent.settle(on: &host)
        }
    }

    private mutating func setWallClock() {
        // Half of the time it comes back to about where it should be.
        let range = number(0...1) == 0 ? -20_000...20_000 : -500...500
        host.wallOffset = host.rightOffset + Int64(number(range)) * 1000
        act { agent, host throws(ModelHost.Failure) in try agent.clockSet(on: &host) }
    }

    private mutating func reboot() {
        agent = nil
        host.reboot(wallBehindBy: number(0...1) == 0 ? 0 : 7_200_000_000)
        trouble = 0
    }

    /// Time passes; the agent sleeps until it wants to be woken.
    private mutating func advance(by length: Int64) {
        let target = host.boot + length
        while let wake = agent?.wake(on: host), wake <= target {
            host.boot = max(host.boot, wake)
            if host.isDiskFull { trouble = host.boot }
            act { agent, host throws(ModelHost.Failure) in try agent.settle(on: &host) }
        }
        host.boot = target
    }

    // MARK: what must hold

    func check(_ step: Int) throws {
        try #require(host.reopened.isEmpty)
        for opening in host.passing { try #require(isWithinBounds(opening), "step \(step)") }
        guard let agent else { return }
        let now = agent.now(on: host)
        try #require(host.passing == host.shouldPass(at: now), "step \(step)")
        guard host.boot - trouble > 5_000_000 else { return }
        let opening = agent.opening(on: host)
        for (id, grant) in host.files
        where grant.notBefore ?? opening <= opening && now < grant.expires {
            try #require(host.opened[id] != nil || host.closed.contains(id), "\(id) waits")
        }
    }

    /// Whether a grant was recorded that opens it, and has not lasted longer than it may.
    private func isWithinBounds(_ opening: Opening) -> Bool {
        host.begun.contains { id, begin in
            let since = begin.boot == host.bootNumber ? begin.at : 1_000_000
            return host.boot < since + begin.length.microseconds
                && grants[id]?.openings.contains(opening) == true
        }
    }
}

@Suite struct `The core of the agent` {
    /// 800 seeds of 125 steps: 100,000.
    @Test(arguments: UInt64(0)..<800)
    func `keeps to the model through crashes, reboots, clocks and full disks`(seed: UInt64) throws {
        var run = Run(seed: seed)
        for step in 0..<125 {
            run.step()
            try run.check(step)
        }
        #expect(!run.host.log.isEmpty)
    }
}
