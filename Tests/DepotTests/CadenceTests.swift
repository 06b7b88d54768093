import TestSupport
import Testing

@testable import Depot

struct CadenceTests {
    @Test func `a fleet that starts at once arrives within a minute, evenly`() {
        var random = SeededGenerator(seed: 1)
        let first = (0..<10_000).map { _ in
            Cadence(every: .seconds(10), startingAt: .seconds(7), using: &random).due - .seconds(7)
        }
        #expect(first.allSatisfy { (.zero ... .seconds(60)).contains($0) })
        for second in 0..<6 {
            let tenth = first.count {
                $0 / .seconds(10) >= Double(second) && $0 / .seconds(10) < Double(second + 1)
            }
            #expect((1400...1950).contains(tenth), "\(tenth) arrive in one tenth")
        }
    }

    @Test(arguments: [2, 10, 3600])
    func `rounds come at the interval, give or take a fifth`(seconds: Int64) {
        var random = SeededGenerator(seed: 2)
        var cadence = Cadence(every: .seconds(seconds), startingAt: .zero, using: &random)
        var now = Duration.zero
        for _ in 0..<1000 {
            now = cadence.due
            cadence.answered(at: now, using: &random)
            let gap = cadence.due - now
            #expect(gap >= .seconds(seconds) * 4 / 5 && gap <= .seconds(seconds) * 6 / 5)
        }
    }

    @Test func `after the nth failure the depot is asked within min(60 s, 2^n s), for ever`() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            var cadence = Cadence(every: .seconds(10), startingAt: .zero, using: &random)
            for failure in 1...100 {
                let now = cadence.due
                cadence.failed(at: now, retryAfter: nil, using: &random)
                let longest = Duration.seconds(min(60, 1 << min(failure, 10)))
                #expect((.zero...longest).contains(cadence.due - now))
            }
            let now = cadence.due
            cadence.answered(at: now, using: &random)
            cadence.failed(at: now, retryAfter: nil, using: &random)
            #expect(cadence.due - now <= .seconds(2), "an answer forgets earlier failures")
        }
    }

    @Test func `Retry-After is obeyed up to an hour, so no answer makes a host deaf`() {
        var random = SeededGenerator(seed: 4)
        for seconds in [1, 30, 120, 3600, 1 << 40] as [Int64] {
            for _ in 0..<100 {
                var cadence = Cadence(every: .seconds(10), startingAt: .zero, using: &random)
                cadence.failed(at: .zero, retryAfter: .seconds(seconds), using: &random)
                let obeyed = Duration.seconds(min(seconds, 3600))
                #expect(cadence.due >= obeyed && cadence.due <= max(obeyed * 6 / 5, .seconds(2)))
            }
        }
        var cadence = Cadence(every: .seconds(10), startingAt: .zero, using: &random)
        cadence.failed(at: .zero, retryAfter: .seconds(-5), using: &random)
        #expect(cadence.due <= .seconds(2))
    }

    @Test func `after a long poll the next one follows within two seconds and never at once`() {
        var random = SeededGenerator(seed: 5)
        var cadence = Cadence(every: .seconds(10), startingAt: .zero, using: &random)
        for _ in 0..<500 {
            let now = cadence.due
            cadence.waited(at: now, using: &random)
            #expect((.seconds(1) ... .seconds(2)).contains(cadence.due - now))
        }
    }

    @Test func `every 30th request is made without If-None-Match`() {
        var watch = ObjectWatch()
        var conditions: [String?] = []
        for _ in 0..<90 {
            conditions.append(watch.nextCondition())
            watch.taken(tag: "\"a\"")
        }
        let unconditional = conditions.indices.filter { conditions[$0] == nil }
        #expect(unconditional == [0, 30, 60])
    }

    @Test(arguments: ["", "a\r\nX: y", "\u{7F}", "é", String(repeating: "e", count: 257)])
    func `an ETag that could not stand in a request is not used`(tag: String) {
        var watch = ObjectWatch()
        _ = watch.nextCondition()
        watch.taken(tag: tag)
        #expect(watch.nextCondition() == nil)
    }

    @Test func `an object that failed rests, and the ETag of what was taken stays`() {
        var random = SeededGenerator(seed: 6)
        var watch = ObjectWatch()
        _ = watch.nextCondition()
        watch.taken(tag: "\"a\"")
        for failure in 1...20 {
            watch.failed(at: .zero, using: &random)
            #expect(watch.state == .failing)
            #expect(watch.isDue(at: .seconds(min(60, 1 << min(failure, 10)))))
        }
        #expect(watch.nextCondition() == "\"a\"")
        watch.unchanged()
        #expect(watch.state == .ok && watch.isDue(at: .zero))
    }

    @Test func `a 304 that nobody asked for is an error`() {
        #expect(Answer(status: 304, wasConditional: true) == .unchanged)
        for status in [304, 100, 204, 206, 301, 302, 307, 308, 400, 403, 418, 999, 0, -1] {
            guard case .refused = Answer(status: status, wasConditional: false) else {
                Issue.record("\(status) was taken")
                continue
            }
        }
        for status in [429, 500, 502, 503, 504, 599] {
            guard case .overloaded = Answer(status: status, wasConditional: true) else {
                Issue.record("\(status) does not silence")
                continue
            }
        }
    }

    @Test func `Retry-After is a number of seconds or a date of the depot's clock`() {
        #expect(RetryAfter.duration("120", date: nil) == .seconds(120))
        #expect(RetryAfter.duration("0", date: nil) == .zero)
        #expect(RetryAfter.duration("99999999999999", date: nil) == .seconds(1_000_000))
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        #expect(RetryAfter.duration("Sun, 06 Nov 1994 08:51:37 GMT", date: date) == .seconds(120))
        #expect(RetryAfter.duration("Sun, 06 Nov 1994 08:49:07 GMT", date: date) == nil)
        for bad in [
            "", "-1", "+1", "1.5", "soon", "1 ", "Sun, 06 Nov 1994",
            String(repeating: "9", count: 70),
        ] {
            #expect(RetryAfter.duration(bad, date: date) == nil, "\(bad)")
        }
        #expect(RetryAfter.duration("Sun, 06 Nov 1994 08:51:37 GMT", date: nil) == nil)
    }
}
