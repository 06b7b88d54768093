import Admission
import Attestation
import Depot
import Grants
import Testing
import Transparency

@testable import Posture

/// A fleet that is kept up to date change by change.
struct LiveFleetTests {
    private static let start = Moment(microseconds: 1_793_491_200_000_000)

    private static func at(_ seconds: Int64) -> Moment { start + .seconds(seconds) }

    private func name(_ text: String) throws -> ShelfName { try #require(ShelfName(text)) }

    private func key(_ host: String) throws -> AuditKey {
        try AuditKey(name: "jitgate/\(host)/3f0c", seed: Array(repeating: 7, count: 32))
    }

    private func inventory(_ lines: String...) throws -> [Inventory.Entry] {
        try Inventory(parsing: Array(lines.joined(separator: "\n").utf8)).entries
    }

    private func keyed(_ host: String, _ rest: String = "") throws -> String {
        "\(host) \(try key(host).publicKey) \(rest)"
    }

    /// A status, with the letter that its policy's digest is made of.
    private func note(_ boottime: Int64, policy: Character = "a") -> ReadNote {
        let boot = String(repeating: "1", count: 32)
        var status = HostStatus(
            of: .init(
                hostname: "web",
                machineID: nil,
                version: "0.1.0",
                kernel: "6.1.0",
                tableOwnership: "owned"
            ),
            at: .init(time: Self.start, bootID: boot, bootTime: boottime)
        )
        status.mode = .enforce
        status.digests.policy = String(repeating: policy, count: 64)
        return .verified(status, NotePosition(size: 1, bootID: boot, bootTime: boottime))
    }

    private func read(
        _ host: String,
        at second: Int64,
        policy: Character = "a",
        into fleet: inout LiveFleet
    ) throws -> [LiveFleet.Change] {
        let note = note(second, policy: policy)
        guard case .verified(_, let position) = note else { return [] }
        let view = WitnessView(newest: Sighting(position, seen: Self.at(second)))
        return fleet.read(note, view, of: try name(host), at: Self.at(second))
    }

    private func change(
        _ host: String,
        _ from: HostPosture.State?,
        _ to: HostPosture.State?
    ) throws -> LiveFleet.Change {
        LiveFleet.Change(host: try name(host), from: from, to: to)
    }

    @Test func `a host is silent at one moment, and back with its next status`() throws {
        var fleet = LiveFleet(silentAfter: .seconds(900))
        var changes = fleet.apply(try inventory(try keyed("web-1")), at: Self.at(0)).changes
        #expect(try changes == [change("web-1", nil, .silent)])
        #expect(fleet.nextAlarm == nil)

        changes = try read("web-1", at: 10, into: &fleet)
        #expect(try changes == [change("web-1", .silent, .configured)])
        let first = try #require(fleet.nextAlarm)
        #expect(first > Self.at(910) && first <= Self.at(911))

        // A later status moves no alarm: it is looked at when it rings.
        #expect(try read("web-1", at: 300, into: &fleet).isEmpty)
        #expect(fleet.nextAlarm == first)
        #expect(fleet.advance(to: first).isEmpty)
        let second = try #require(fleet.nextAlarm)
        #expect(second > Self.at(1200))

        #expect(try fleet.advance(to: second) == [change("web-1", .configured, .silent)])
        #expect(fleet.nextAlarm == nil)
        #expect(
            try read("web-1", at: 5000, into: &fleet) == [change("web-1", .silent, .configured)]
        )
    }

    @Test func `the hosts that drift are those of the smaller part of a group`() throws {
        var fleet = LiveFleet(silentAfter: .seconds(900))
        let lines = try ["a", "b", "c", "d"].map { try keyed($0, "group=web") }
        let other = try keyed("e", "group=db")
        let entries = try Inventory(
            parsing: Array((lines + [other]).joined(separator: "\n").utf8)
        ).entries
        _ = fleet.apply(entries, at: Self.at(0))
        for host in ["a", "b"] { _ = try read(host, at: 1, policy: "a", into: &fleet) }
        #expect(
            try read("c", at: 1, policy: "b", into: &fleet) == [change("c", .silent, .drifted)]
        )
        // Two of a and two of b: the one that comes first is usual.
        #expect(
            try read("d", at: 1, policy: "b", into: &fleet) == [change("d", .silent, .drifted)]
        )
        #expect(
            try read("e", at: 1, policy: "b", into: &fleet) == [change("e", .silent, .configured)]
        )
        #expect(
            try read("a", at: 2, policy: "b", into: &fleet) == [
                change("b", .configured, .drifted), change("c", .drifted, .configured),
                change("d", .drifted, .configured),
            ]
        )
        // All at once they are the same as one by one.
        let posture = FleetPosture(
            fleet.hosts(at: Self.at(2)).map { host in
                HostPosture(
                    of: fleet.entry(of: host.host) ?? entries[0],
                    fleet.note(of: host.host),
                    fleet.witness(of: host.host),
                    now: Self.at(2),
                    silentAfter: .seconds(900)
                )
            }
        )
        #expect(posture.hosts == fleet.hosts(at: Self.at(2)))
    }

    @Test func `hosts come and go with the inventory`() throws {
        var fleet = LiveFleet(silentAfter: .seconds(900))
        let stray = fleet.read(.unverified("no key"), nil, of: try name("x"), at: Self.at(0))
        #expect(try stray == [change("x", nil, .unverified)])
        #expect(fleet.strangers == 1)
        let (changes, unread) = fleet.apply(
            try inventory(try keyed("x"), "y -", "z retired"),
            at: Self.at(1)
        )
        #expect(
            try changes == [
                change("y", nil, .notConfigured), change("z", nil, .retired),
            ]
        )
        // With its key it is to be read once more.
        #expect(try unread == [name("x")])
        #expect(fleet.strangers == 0)
        let gone = fleet.apply(try inventory("y -"), at: Self.at(2)).changes
        #expect(try gone == [change("z", .retired, nil)])
        #expect(fleet.hosts(at: Self.at(2)).map(\.host.description) == ["x", "y"])
        #expect(fleet.strangers == 1)
        // A host that is in no inventory any more goes, also if no line had said anything of it.
        #expect(try fleet.apply([], at: Self.at(3)).changes == [change("y", .notConfigured, nil)])
    }

    @Test func `alarms ring in order`() throws {
        var heap = AlarmHeap()
        let times = (0..<200).map { Int64(($0 * 7919) % 211) }
        for time in times { heap.push(Self.at(time), try name("h\(time)")) }
        var rung: [String] = []
        while let next = heap.next, let host = heap.pop(dueAt: next) {
            rung.append(host.description)
        }
        #expect(rung == times.sorted().map { "h\($0)" })
        #expect(heap.pop(dueAt: Self.at(1000)) == nil)
    }
}
