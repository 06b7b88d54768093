import Grants
import TestSupport
import Testing

@testable import Depot

struct ShelfEditTests {
    private static let now = Moment(microseconds: 1_796_126_400_000_000)

    /// A line whose digest is made of a number.
    private static func line(_ number: Int, name: String = "a") -> ShelfLine {
        let digits = String(number, radix: 16)
        let digest = String(repeating: "0", count: 64 - digits.count) + digits
        return ShelfLine(ObjectDigest(digest) ?? unexpected, name: name)
    }

    private static var unexpected: ObjectDigest { preconditionFailure("no digest") }

    private static func known(
        _ closes: Bool,
        end: Int? = nil,
        posted: Int? = nil
    ) -> ShelfEdit.Knowledge {
        let file = PostedFile(closes: closes, end: end.map { now + .seconds($0) })
        return ShelfEdit.Knowledge(file, posted: posted.map { now + .seconds($0) })
    }

    private static func edit(
        _ index: [ShelfLine],
        _ additions: [(Int, Bool)] = [],
        _ known: [Int: ShelfEdit.Knowledge] = [:]
    ) -> ShelfEdit {
        ShelfEdit(
            of: index,
            adding: additions.map { .init(line($0.0), closes: $0.1) },
            knowing: Dictionary(
                uniqueKeysWithValues: known.map { (line($0.key).digest, $0.value) }
            ),
            at: now
        )
    }

    @Test func `revocations come first, and what is new comes first among its like`() {
        let index = [Self.line(1), Self.line(2)]
        let edit = Self.edit(
            index,
            [(3, false), (4, true), (5, false)],
            [1: Self.known(true), 2: Self.known(false, end: 60)]
        )
        #expect(edit.lines == [4, 1, 3, 5, 2].map { Self.line($0) })
        #expect(edit.changes(index) && edit.dropped.isEmpty && edit.refused.isEmpty)
    }

    @Test func `a line goes at the end of its grant, and not before`() {
        let index = (1...5).map { Self.line($0) }
        let month = 30 * 86_400
        let edit = Self.edit(
            index,
            [],
            [
                1: Self.known(true, posted: -month), 2: Self.known(true, posted: 1 - month),
                3: Self.known(false, end: 0), 4: Self.known(false, end: 1, posted: -2 * month),
            ]
        )
        #expect(edit.lines == [2, 4, 5].map { Self.line($0) })
        #expect(edit.dropped == [1, 3].map { Self.line($0) })
    }

    @Test func `what is posted once more stays where it is, even if it was due to go`() {
        let index = [Self.line(1), Self.line(2)]
        let old = [1: Self.known(true, posted: -31 * 86_400), 2: Self.known(false, end: 60)]
        let edit = Self.edit(index, [(1, true), (2, false)], old)
        #expect(!edit.changes(index))
    }

    @Test func `a file that is not known keeps its place before or after the revocations' end`() {
        let index = [1, 2, 3].map { Self.line($0) }
        let edit = Self.edit(index, [(4, false)], [2: Self.known(true)])
        #expect(edit.lines == [1, 2, 4, 3].map { Self.line($0) })
    }

    @Test func `64 KiB are kept for revocations, and a full index refuses the rest`() throws {
        let name = String(repeating: "n", count: 128)
        let others = (0..<6000).map { ShelfEdit.Addition(Self.line($0, name: name), closes: false) }
        var edit = ShelfEdit(of: [], adding: others, knowing: [:], at: Self.now)
        #expect(edit.bytes.count <= (1 << 20) - (64 << 10))
        #expect(edit.bytes.count > (1 << 20) - (65 << 10))
        #expect(edit.lines.count + edit.refused.count == 6000)
        let closing = (10_000..<12_000).map {
            ShelfEdit.Addition(Self.line($0, name: name), closes: true)
        }
        edit = ShelfEdit(of: edit.lines, adding: closing, knowing: [:], at: Self.now)
        #expect(edit.bytes.count <= 1 << 20 && edit.bytes.count > (1 << 20) - 203)
        #expect(edit.lines.prefix(326).allSatisfy { line in closing.contains { $0.line == line } })
        #expect(try ShelfIndex(parsing: edit.bytes).lines == edit.lines)
    }

    @Test func `in any order and however often, posting ends in the same files`() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let files = (1...Int.random(in: 1...12, using: &random)).map { number in
                (number, Bool.random(using: &random))
            }
            let known = Dictionary(uniqueKeysWithValues: files.map { ($0.0, Self.known($0.1)) })
            var index: [ShelfLine] = []
            for _ in 0..<4 {
                for file in files.shuffled(using: &random) {
                    index = Self.edit(index, [file], known).lines
                }
            }
            #expect(Set(index) == Set(files.map { Self.line($0.0) }) && index.count == files.count)
            let kinds = index.map { known[Int($0.digest.description, radix: 16) ?? 0]?.file.closes }
            #expect(kinds.drop { $0 == true }.allSatisfy { $0 == false })
            #expect(try ShelfIndex(parsing: index.flatMap { Array($0.text.utf8) }).lines == index)
        }
    }
}
