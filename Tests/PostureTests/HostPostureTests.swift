import Admission
import Attestation
import Conditions
import Depot
import Grants
import StrictJSON
import Testing
import Transparency

@testable import Posture

/// The state of a host by its inventory line and its status, each by a value.
struct HostPostureTests {
    private static let now = Moment(microseconds: 1_793_491_200_000_000)
    private let key: AuditKey

    init() throws {
        key = try AuditKey(name: "jitgate/web-1/3f0c", seed: Array(repeating: 7, count: 32))
    }

    private func posture(
        _ line: String? = nil,
        _ change: ((inout HostStatus) throws -> Void)? = { _ in }
    ) throws -> HostPosture {
        let inventory = try Inventory(parsing: Array((line ?? "web-1 \(key.publicKey)").utf8))
        var bytes: [UInt8]?
        if let change { bytes = Array(try note(change).utf8) }
        let reading = HostReading(note: bytes, witness: nil)
        let host = HostPosture(
            of: inventory.entries[0],
            reading,
            now: Self.now,
            silentAfter: .seconds(900)
        )
        return FleetPosture([host]).hosts[0]
    }

    private func note(_ change: (inout HostStatus) throws -> Void) throws -> String {
        let instant = HostStatus.Instant(
            time: Self.now,
            bootID: String(repeating: "1", count: 32),
            bootTime: 1
        )
        let host = HostStatus.Host(
            hostname: "web-1",
            machineID: nil,
            version: "0.1.0",
            kernel: "6.1.0",
            tableOwnership: "owned"
        )
        var status = HostStatus(of: host, at: instant)
        status.mode = .enforce
        status.digests.policy = String(repeating: "a", count: 64)
        status.digests.signers = String(repeating: "b", count: 64)
        try change(&status)
        var tree = MerkleTree()
        tree.append(.leaf([1]))
        return try StatusNote.sign(status, over: key.checkpoint(over: tree), by: key)
    }

    private func condition(_ code: String, _ severity: String = "error") throws -> Condition {
        try #require(
            Condition([
                "code": .string(code), "severity": .string(severity), "subject": "x",
                "message": "it is so", "remedy": .null, "since": .null,
            ])
        )
    }

    @Test(arguments: [
        "kernel-refused-change", "table-unwatched", "detour-tproxy", "detour-sk-lookup",
        "detour-ipvs",
    ])
    func `a host on which the gate cannot hold is unsupported, with the code`(code: String) throws {
        let host = try posture {
            $0.conditions = [try condition("log-full"), try condition(code)]
            $0.trialUntil = Self.now
        }
        #expect(host.state == .unsupported && host.code == code && !host.isHealthy)
        #expect(host.reason == "\(code): it is so")
    }

    @Test(arguments: ["bulletin-stale", "depot-silent"])
    func `a host that nothing reaches is stale, with the code`(code: String) throws {
        let host = try posture { $0.conditions = [try condition(code, "warning")] }
        #expect(host.state == .stale && host.code == code && !host.isHealthy)
        let unsupported = try posture {
            $0.conditions = [try condition(code, "warning"), try condition("detour-ipvs")]
        }
        #expect(unsupported.state == .unsupported)
        let silent = try posture {
            $0.instant.time = Self.now + .seconds(-901)
            $0.conditions = [try condition(code, "warning")]
        }
        #expect(silent.state == .silent && silent.code == nil)
    }

    @Test(arguments: ["log-full", "firewall-drops", "table-not-owned", "from-a-later-version"])
    func `other conditions change no state`(code: String) throws {
        let host = try posture { $0.conditions = [try condition(code)] }
        #expect(host.state == .configured && host.code == nil && !host.isHealthy)
    }

    @Test func `the inventory may say that a host cannot be protected, and why`() throws {
        let host = try posture("web-1 unsupported=no-nftables group=old", nil)
        #expect(host.state == .unsupported && host.code == "no-nftables" && host.group == "old")
        #expect(!host.isHealthy)
        // A status of it is not believed, as it has no key.
        #expect(try posture("web-1 unsupported=no-nftables").state == .unverified)
    }

    @Test func `all other states`() throws {
        #expect(try posture().state == .configured)
        #expect(try posture { $0.mode = .observe }.state == .observing)
        #expect(try posture { $0.trialUntil = Self.now }.state == .onTrial)
        #expect(try posture(nil, nil).state == .silent)
        #expect(try posture("web-1 -", nil).state == .notConfigured)
        #expect(try posture("web-1 retired", nil).state == .retired)
        #expect(try posture { $0.instant.time = Self.now + .seconds(301) }.state == .silent)
    }

    @Test func `hosts that are not in order do not decide what is usual`() throws {
        let odd = try posture {
            $0.conditions = [try condition("depot-silent", "warning")]
            $0.digests.policy = String(repeating: "c", count: 64)
        }
        #expect(
            FleetPosture([odd, odd, try posture()]).hosts.map(\.state) == [
                .stale, .stale, .configured,
            ]
        )
    }
}
