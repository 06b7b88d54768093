import Enforcement
import Foundation
import Grants
import TestSupport
import Testing

/// Shapes that differ in one thing, and whether the client's `.8` gets in by each at 22/tcp.
private struct Change: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let tried: FirewallPolicy
    let fallback: FirewallPolicy
    /// While the trial goes on; afterwards it is the other way round.
    let passes: Bool

    static func all() throws -> [Self] {
        let (enforcing, observing) = try (shape(), shape(denies: false))
        let trusting = try shape(trusted: ["192.0.2.8/32", "2001:db8::8/128"])
        let other = FirewallPolicy(
            denies: true,
            protected: [try Port(parsing: "3389/udp")],
            trusted: [],
            logGroup: 22,
            deniedPerSecond: 10
        )
        return [
            Self("denying", enforcing, observing, passes: false),
            Self("not denying", observing, enforcing, passes: true),
            Self("trusting nobody", enforcing, trusting, passes: false),
            Self("trusting somebody", trusting, enforcing, passes: true),
            Self("protecting a port", enforcing, other, passes: false),
            Self("protecting a port no longer", other, enforcing, passes: true),
        ]
    }

    init(_ text: String, _ tried: FirewallPolicy, _ fallback: FirewallPolicy, passes: Bool) {
        testDescription = text
        self.tried = tried
        self.fallback = fallback
        self.passes = passes
    }
}

@Suite struct `A gate on trial` {
    @Test(arguments: try Change.all())
    private func `goes back by itself`(change: Change) throws {
        let scene = try GateScene()
        let open = try [opening("192.0.2.7/32"): Duration.seconds(60)]
        let trial = GateTrial(fallback: change.fallback, left: .seconds(4))
        try scene.gate.install(change.tried, trial: trial, open: open)
        let explanation = { () throws -> GateExplanation? in
            let source = try Prefix(parsing: "192.0.2.8")
            let port = try Port(parsing: "22/tcp")
            return try scene.gate.call { try $0.table.explain(source, port) }
        }
        #expect(try explanation()?.passes == change.passes)
        for source in ["192.0.2.8", "2001:db8::8"] {
            #expect(try scene.reaches(from: source) == change.passes)
        }
        // What opens meanwhile holds before and after.
        try scene.gate.commit([opening("2001:db8::/120"): .seconds(60)])
        try scene.gate.commit([opening("2001:db8::/120"): nil])
        try scene.gate.commit([opening("2001:db8::7/128"): .seconds(60)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        try eventually { try scene.reaches(from: "192.0.2.8") != change.passes }
        #expect(try scene.reaches(from: "2001:db8::8") != change.passes)
        #expect(try scene.reaches(from: "192.0.2.7"))
        #expect(try scene.reaches(from: "2001:db8::7"))
    }

    @Test func `is as it should be, and stays once it is no trial any more`() throws {
        let scene = try GateScene()
        let trial = try GateTrial(fallback: shape(denies: false), left: .seconds(3))
        let end = ContinuousClock.now + trial.left
        try scene.gate.install(shape(), trial: trial)
        try eventually {
            let left = ContinuousClock.now.duration(to: end)
            let trial = GateTrial(fallback: trial.fallback, left: left)
            return try scene.gate.install(shape(), trial: trial) == Reconciliation()
        }
        try scene.gate.install(shape())
        #expect(try !scene.listing.contains("fallback"))
        let plain = try GateScene()
        try plain.gate.install(shape())
        #expect(try scene.listing == plain.listing)
        try eventually { ContinuousClock.now > end + .milliseconds(100) }
        #expect(try !scene.reaches(from: "192.0.2.8"))
    }

    @Test func `lets sessions go on that were there before, on either side`() throws {
        let scene = try GateScene()
        let listener = try scene.listen()
        let old = try scene.session(from: "192.0.2.8", at: listener)
        var enforcing = try shape()
        enforcing.keepExisting = .seconds(60)
        var observing = try shape(denies: false)
        observing.keepExisting = .seconds(60)
        let existing = try #require(
            OngoingSession(
                peer: try Prefix(parsing: "192.0.2.8").address,
                peerPort: old.client.port,
                port: try Port(parsing: "22/tcp")
            )
        )
        try scene.gate.install(enforcing, existing: [existing])
        #expect(old.lives)
        let trial = GateTrial(fallback: enforcing, left: .seconds(3))
        try scene.gate.install(observing, trial: trial)
        let new = try scene.session(from: "2001:db8::8", at: listener)
        #expect(old.lives && new.lives)
        // What came in during the trial nobody kept: that takes an agent.
        try eventually { !new.client.reaches(new.server) }
        #expect(old.lives)
    }
}
