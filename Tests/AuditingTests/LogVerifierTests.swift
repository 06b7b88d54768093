import Auditing
import Grants
import TestSupport
import Testing
import Transparency

@Suite struct `The verifier of a log` {
    private static let count = 12

    private static let lines: [[UInt8]] = (0..<count).map { line($0) }

    private static func line(_ number: Int, _ message: String = "Stops") -> [UInt8] {
        let stamp = RecordStamp(
            realtime: Moment(microseconds: 1_796_126_400_000_000 + Int64(number)),
            boot: Int64(number),
            bootID: String(repeating: "a", count: 32),
            machineID: String(repeating: "b", count: 32),
            hostname: "web-1"
        )
        let entry = AuditEntry(.agentStopped, message)
        return Record(sequence: UInt64(number), stamp: stamp, entry: entry).line.dropLast()
    }

    /// The flaws that it finds in these lines when the first twelve were signed.
    private func flaws(
        _ lines: [[UInt8]],
        size: Int = count,
        hasLeaves: Bool = true,
        from first: UInt64 = 0
    ) -> [String] {
        let leaves = Self.lines.map(TreeHash.leaf)
        var verifier = LogVerifier(
            signed: UInt64(size),
            leaves: hasLeaves ? leaves : nil,
            from: first
        )
        for line in lines { _ = verifier.take(line[...]) }
        verifier.finish()
        return verifier.flaws.map { "\($0.kind.rawValue) \($0.record ?? 0)" }
    }

    @Test(arguments: [true, false])
    func `finds nothing in what was signed`(hasLeaves: Bool) {
        #expect(flaws(Self.lines, hasLeaves: hasLeaves) == [])
        #expect(flaws(Array(Self.lines[5...]), hasLeaves: hasLeaves, from: 5) == [])
    }

    @Test(arguments: [true, false], 0..<count)
    func `says which record is missing, repeated or swapped`(hasLeaves: Bool, place: Int) {
        func found(_ change: (inout [[UInt8]]) -> Void) -> [String] {
            var lines = Self.lines
            change(&lines)
            return flaws(lines, hasLeaves: hasLeaves)
        }
        let isLast = place == Self.count - 1
        #expect(found { $0.remove(at: place) } == [isLast ? "cut \(place)" : "missing \(place)"])
        #expect(found { $0.insert($0[place], at: place) } == ["repeated \(place)"])
        #expect(found { $0.append($0[place]) } == ["repeated \(place)"])
        if !isLast { #expect(found { $0.swapAt(place, place + 1) } == ["swapped \(place)"]) }
    }

    @Test(arguments: 0..<count)
    func `says which record was edited, whatever of it`(place: Int) {
        for byte in Self.lines[place].indices {
            var lines = Self.lines
            lines[place][byte] ^= 1
            #expect(flaws(lines) == ["edited \(place)"])
            lines[place].remove(at: byte)
            #expect(flaws(lines) == ["edited \(place)"])
        }
    }

    @Test(arguments: 0...count)
    func `says where lines were inserted, cut off or appended`(place: Int) {
        var lines = Self.lines
        lines.insert(Self.line(place, "Forged"), at: place)
        let isEnd = place == Self.count
        #expect(flaws(lines) == [isEnd ? "extended 12" : "inserted \(place)"])
        if !isEnd { #expect(flaws(Array(Self.lines[..<place])) == ["cut \(place)"]) }
        // A checkpoint over fewer records: what follows is signed by none.
        #expect(flaws(Self.lines, size: place) == (isEnd ? [] : ["extended \(place)"]))
        #expect(
            flaws(Self.lines, size: place, hasLeaves: false) == (isEnd ? [] : ["extended \(place)"])
        )
    }

    @Test(arguments: 0..<200)
    func `finds something in whatever is not what was signed`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var lines = Self.lines
        for _ in 0..<Int.random(in: 1...3, using: &random) where !lines.isEmpty {
            let place = Int.random(in: 0..<lines.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: lines[place] = Self.line(place, "Forged")
            case 1: lines.remove(at: place)
            case 2: lines.shuffle(using: &random)
            case 3: lines.insert(Self.line(place, "Forged"), at: place)
            case 4: lines.removeLast(lines.count - place)
            default: lines[place] = Array(lines[place].dropLast())
            }
        }
        #expect(flaws(lines).isEmpty == (lines == Self.lines))
    }

    @Test func `takes no far number for one of the log`() {
        #expect(flaws(Self.lines + [Self.line(.max >> 1)], hasLeaves: false) == ["extended 12"])
    }
}

@Suite struct `A line of the log` {
    private static let texts = [
        "plain", "\"quoted\" \\ back", "line\nfeed\ttab", "\u{1B}[2J\u{202E}\u{85}", "é 漢 😀", "",
        "\u{7F}\u{FEFF}end", "a,b\":[",
    ]

    @Test(arguments: 0..<300)
    func `reads the same by the quick way and by the strict one`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var fields: [AuditField: [String]] = [:]
        for field in AuditField.allCases where Bool.random(using: &random) {
            let count = Int.random(in: 1...3, using: &random)
            fields[field] = (0..<count).compactMap { _ in Self.texts.randomElement(using: &random) }
        }
        let stamp = RecordStamp(
            realtime: Moment(microseconds: Int64.random(in: 0...(.max), using: &random)),
            boot: 7,
            bootID: "b",
            machineID: "",
            hostname: Self.texts.randomElement(using: &random) ?? ""
        )
        let event = AuditEvent.allCases.randomElement(using: &random) ?? .agentStarted
        let entry = AuditEntry(
            event,
            Self.texts.randomElement(using: &random) ?? "",
            fields: fields
        )
        let record = Record(sequence: UInt64(seed), stamp: stamp, entry: entry)
        #expect(try Record(parsing: record.line) == record)
        // A blank after the brace is all that the quick way does not take.
        let spaced = [UInt8(ascii: "{"), UInt8(ascii: " ")] + record.line.dropFirst()
        #expect(try Record(parsing: Array(spaced)) == record)
        var damaged = record.line
        let place = Int.random(in: 0..<damaged.count - 1, using: &random)
        damaged[place] = UInt8.random(in: 0...255, using: &random)
        let quick = try? Record(parsing: damaged)
        let strict = try? Record(parsing: [damaged[0], UInt8(ascii: " ")] + damaged.dropFirst())
        #expect(quick == strict)
    }
}
