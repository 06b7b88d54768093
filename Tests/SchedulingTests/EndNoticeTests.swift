import Grants
import Scheduling
import Testing

@Suite struct `A notice of the end` {
    private func notice(left: Duration) throws -> [String] {
        let deadline = try Moment(parsing: "2026-12-01T12:00:00.25Z")
        let notice = EndNotice(
            port: try Port(parsing: "22/tcp"),
            deadline: deadline,
            id: try GrantID(parsing: "5f0c1b2e-0000-4000-8000-00000000000a")
        )
        return notice.lines(at: deadline + left * -1)
    }

    @Test func `says which access ends, when, and what to do`() throws {
        #expect(
            try notice(left: .seconds(300)) == [
                "*** jitgate: your access to 22/tcp ends in 5 minutes, at 12:00:00 UTC. ***",
                "*** To stay: jitgate extend 5f0c1b2e-0000-4000-8000-00000000000a --for 1h ***",
            ]
        )
    }

    @Test(arguments: [
        (Duration.seconds(60), "1 minute"), (.seconds(59.99), "1 minute"),
        (.seconds(1), "1 second"),
        (.milliseconds(1), "1 second"), (.seconds(90), "1 minute 30 seconds"),
        (.seconds(5400), "1 hour 30 minutes"), (.seconds(86_400), "24 hours"),
        (.seconds(299), "4 minutes 59 seconds"), (.zero, "0 seconds"), (.seconds(-5), "0 seconds"),
    ])
    func `says what is truly left`(left: Duration, text: String) throws {
        #expect(try notice(left: left)[0].contains(" ends in \(text), at "))
    }
}
