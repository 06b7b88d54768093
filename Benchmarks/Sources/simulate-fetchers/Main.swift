import CFetchers
import Depot
import Glibc

/// Simulates hosts that ask a depot as jitgate-fetch does, by its own cadence: two shelves a round, and the
/// bulletin once a minute.
///
/// Each line of standard input forgets which hosts had a whole round. A line a second, and one at once for each that is
/// read, says how it goes, until standard input ends: seconds, hosts with a whole round, answers, failures, TLS handshakes,
/// bytes received, bytes sent; answers with status 304, and the bytes received and sent for those.
@main
enum Main {
    static func main() {
        let words = CommandLine.arguments
        guard words.count == 6, let count = Int32(words[1]), let port = UInt16(words[3]),
            let engine = fetchers_make(count, words[2], port, words[4], words[5])
        else {
            say(
                "usage: simulate-fetchers COUNT ADDRESS PORT AUTHORITIES CERTIFICATE",
                to: STDERR_FILENO
            )
            exit(64)
        }
        var simulation = Simulation(count: Int(count), engine: engine)
        simulation.run()
    }
}

/// One simulated jitgate-fetch.
private struct Host {
    private static let bulletinEvery: Duration = .seconds(60)
    private static let hubProbeEvery = 30

    private(set) var cadence: Cadence
    private var shelves: [(path: String, watch: ObjectWatch)]
    private var bulletin = ObjectWatch()
    private var bulletinDue: Duration = .zero
    private var rounds = 0
    /// The steps of this round that are to come: -1 is the question for a hub, the last one the bulletin.
    private var next = 0
    private let names: String

    init(_ index: Int, using random: inout SystemRandomNumberGenerator) {
        let names = ["all", "web-\(index)"]
        self.names = names.joined(separator: ",")
        shelves = names.map { ("/jitgate/shelves/\($0)/index", ObjectWatch()) }
        cadence = Cadence(every: .seconds(10), startingAt: Simulation.now, using: &random)
    }

    /// Begins a round.
    mutating func begin() {
        next = rounds.isMultiple(of: Self.hubProbeEvery) ? -1 : 0
        rounds += 1
    }

    /// The next request of this round; `nil` at its end.
    mutating func request() -> (path: String, tag: String)? {
        let step = next
        next += 1
        switch step {
        case -1: return ("/jitgate/shelves?names=" + names, "")
        case shelves.indices: return (shelves[step].path, shelves[step].watch.nextCondition() ?? "")
        case shelves.count where Simulation.now >= bulletinDue:
            bulletinDue = Simulation.now + Self.bulletinEvery
            return ("/jitgate/bulletin", bulletin.nextCondition() ?? "")
        default: return nil
        }
    }

    mutating func answered(_ status: Int32, tag: String) {
        let step = next - 1
        guard step >= 0 else { return }
        if step < shelves.count {
            Self.note(&shelves[step].watch, status, tag)
        } else {
            Self.note(&bulletin, status, tag)
        }
    }

    private static func note(_ watch: inout ObjectWatch, _ status: Int32, _ tag: String) {
        switch status {
        case 200: watch.taken(tag: tag.isEmpty ? nil : tag)
        case 304: watch.unchanged()
        default: watch.absent()
        }
    }

    mutating func ended(isSilent: Bool, using random: inout SystemRandomNumberGenerator) {
        if isSilent {
            cadence.failed(at: Simulation.now, retryAfter: nil, using: &random)
        } else {
            cadence.answered(at: Simulation.now, using: &random)
        }
    }
}

private struct Simulation {
    /// The slots of the wheel are 10 ms; it turns once in 164 s, and no pause is as long.
    private static let slots: Int64 = 1 << 14
    private static let slot: Int64 = 10_000

    private let engine: OpaquePointer
    private var random = SystemRandomNumberGenerator()
    private var hosts: [Host]
    private var isHeard: [Bool]
    private var heard = 0
    private var wheel: [[Int32]] = Array(repeating: [], count: Int(slots))
    private var turned = fetchers_now() / slot

    static var now: Duration { .microseconds(fetchers_now()) }

    init(count: Int, engine: OpaquePointer) {
        self.engine = engine
        hosts = []
        isHeard = Array(repeating: false, count: count)
        for index in 0..<count { hosts.append(Host(index, using: &random)) }
        for index in hosts.indices { schedule(Int32(index)) }
    }

    mutating func run() {
        let most: Int32 = 256
        var answers = [fetchers_answer](repeating: fetchers_answer(), count: Int(most))
        let begun = fetchers_now()
        var told = begun
        let tellNow = { (simulation: Simulation) in
            simulation.tell(seconds: (fetchers_now() - begun) / 1_000_000)
        }
        while readsOn(tellNow) {
            beginDueRounds()
            let count = fetchers_wait(engine, 10, &answers, most)
            for answer in answers.prefix(Int(count)) { take(answer) }
            guard fetchers_now() - told >= 1_000_000 else { continue }
            told += 1_000_000
            tellNow(self)
        }
    }

    private mutating func schedule(_ index: Int32) {
        let due = hosts[Int(index)].cadence.due.components
        let moment = due.seconds * 1_000_000 + due.attoseconds / 1_000_000_000_000
        wheel[Int(max(moment / Self.slot, turned) % Self.slots)].append(index)
    }

    private mutating func beginDueRounds() {
        let now = fetchers_now() / Self.slot
        while turned < now {
            let place = Int(turned % Self.slots)
            turned += 1
            let due = wheel[place]
            wheel[place] = []
            for index in due {
                hosts[Int(index)].begin()
                ask(index)
            }
        }
    }

    /// Makes the next request of a round, or ends the round.
    private mutating func ask(_ index: Int32) {
        if let request = hosts[Int(index)].request() {
            return fetchers_ask(engine, index, request.path, request.tag)
        }
        if !isHeard[Int(index)] {
            isHeard[Int(index)] = true
            heard += 1
        }
        end(index, isSilent: false)
    }

    private mutating func end(_ index: Int32, isSilent: Bool) {
        hosts[Int(index)].ended(isSilent: isSilent, using: &random)
        schedule(index)
    }

    private mutating func take(_ answer: fetchers_answer) {
        let isOverload = answer.status == 429 || answer.status >= 500
        if answer.status == 0 || isOverload { return end(answer.host, isSilent: true) }
        var bytes = answer.tag
        let tag = withUnsafeBytes(of: &bytes) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        hosts[Int(answer.host)].answered(answer.status, tag: tag)
        ask(answer.host)
    }

    /// Reads standard input if there is any; returns false at its end.
    private mutating func readsOn(_ tell: (Simulation) -> Void) -> Bool {
        var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 0) == 1 else { return true }
        var bytes = [UInt8](repeating: 0, count: 256)
        guard read(STDIN_FILENO, &bytes, bytes.count) > 0 else { return false }
        isHeard = Array(repeating: false, count: hosts.count)
        heard = 0
        tell(self)
        return true
    }

    private func tell(seconds: Int64) {
        let totals = fetchers_totals(engine)
        let numbers = [
            seconds, Int64(heard), totals.answers, totals.failures, totals.handshakes,
            totals.received, totals.sent, totals.unchanged, totals.unchanged_received,
            totals.unchanged_sent,
        ]
        say(numbers.map(String.init).joined(separator: " "), to: STDOUT_FILENO)
    }
}

private func say(_ line: String, to descriptor: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
}
