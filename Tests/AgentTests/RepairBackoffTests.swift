import Auditing
import Enforcement
import Grants
import Testing

@testable import Agent

@Suite struct `The brake on answers to tampering` {
    private let begin = Moment(microseconds: 1_796_126_400_000_000)

    @Test func `lets the first answer be at once, and the first after a calm second`() {
        var brake = RepairBackoff()
        #expect(brake.due(at: begin) == begin)
        brake.answer(at: begin)
        #expect(brake.due(at: begin) > begin)
        let calm = begin + .seconds(1)
        #expect(brake.due(at: calm) == calm)
        brake.answer(at: calm)
        #expect(brake.due(at: calm) == calm + .milliseconds(10))
    }

    @Test func `bounds the answers to a storm, and never lets one wait for 50 ms`() {
        var brake = RepairBackoff()
        var answers: [Moment] = []
        // A change each millisecond for ten seconds.
        for step in 0..<10_000 {
            let now = begin + .milliseconds(step)
            guard brake.due(at: now) <= now else { continue }
            brake.answer(at: now)
            answers.append(now)
        }
        let gaps = zip(answers.dropFirst(), answers).map { $0 - $1 }
        #expect(gaps.prefix(2) == [.milliseconds(10), .milliseconds(20)])
        #expect(gaps.dropFirst(2).allSatisfy { $0 == .milliseconds(40) })
        #expect(answers.count <= 10_000 / 40 + 3)
    }

    @Test func `lets one record a second be`() {
        var brake = RepairBackoff()
        #expect(brake.recordDue(at: begin) == begin)
        brake.record(at: begin)
        let soon = begin + .milliseconds(300)
        #expect(brake.recordDue(at: soon) == begin + .seconds(1))
        #expect(brake.recordDue(at: begin + .seconds(2)) == begin + .seconds(2))
    }

    @Test func `holds nothing up when time was set back`() {
        var brake = RepairBackoff()
        brake.answer(at: begin)
        brake.record(at: begin)
        let earlier = begin + .seconds(-60)
        #expect(brake.due(at: earlier) == earlier)
        #expect(brake.recordDue(at: earlier) == earlier)
    }
}

@Suite struct `The report of tampering` {
    private func tampering(_ names: [String], lost: Bool = false) -> Tampering {
        var tampering = Tampering()
        let changes = names.enumerated().map {
            Tampering.Change(process: $1, processID: UInt32($0 + 1))
        }
        tampering.add(changes, lostEvents: lost)
        return tampering
    }

    @Test func `says once who it was, how often, and how long it took`() throws {
        var report = TamperReport()
        #expect(report.isEmpty)
        for _ in 0..<3 { report.take(tampering(["nft"])) }
        report.repaired(in: .milliseconds(2))
        report.repaired(in: .milliseconds(1))
        let entries = report.takeEntries()
        #expect(entries.map(\.event) == [.tamperDetected, .tamperRepaired])
        #expect(entries[0].message == "Table inet jitgate was changed by nft (process 1), 3 times")
        #expect(
            entries[1].message
                == "Table inet jitgate was put back 2 times, the slowest within 2.0 ms"
        )
        #expect(report.isEmpty)
    }

    @Test func `names a few of many, and says if some are not known`() throws {
        var report = TamperReport()
        report.take(tampering((0..<20).map { "tool\($0)" }, lost: true))
        let entries = report.takeEntries()
        #expect(entries.count == 1)
        #expect(entries[0].fields[.actor]?.count == 9)
        #expect(entries[0].fields[.actor]?.last == "process:others")
        #expect(entries[0].message.hasSuffix("; more happened than could be told apart"))
    }
}
