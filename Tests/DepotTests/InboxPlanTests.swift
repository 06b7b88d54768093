import TestSupport
import Testing

@testable import Depot

struct InboxPlanTests {
    private let all: ShelfName
    private let own: ShelfName

    init() throws {
        all = try #require(ShelfName("all"))
        own = try #require(ShelfName("web-1"))
    }

    private func digests(_ count: Int, seed: UInt64) -> [ObjectDigest] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in ObjectDigest.random(&random) }
    }

    @Test func `the first lines of every index come first, so that revocations do`() {
        let (a, b) = (digests(3, seed: 1), digests(2, seed: 2))
        #expect(InboxPlan.merged([a, b]) == [a[0], b[0], a[1], b[1], a[2]])
        #expect(InboxPlan.merged([a, a]) == a)
        #expect(InboxPlan.merged([]) == [])
    }

    @Test func `what is there is not asked for again`() {
        let files = digests(4, seed: 3)
        var plan = InboxPlan(held: [files[1]: 10])
        plan.list(files, on: all)
        #expect(plan.nextFiles(at: .zero) == [files[0], files[2], files[3]])
        plan.stored(files[0], size: 5)
        #expect(plan.nextFiles(at: .zero) == [files[2], files[3]])
        #expect(plan.heldBytes == 15 && plan.missing == 2)
    }

    @Test func `a file that fails does not hold up the others`() {
        var random = SeededGenerator(seed: 4)
        let files = digests(3, seed: 5)
        var plan = InboxPlan(held: [:])
        plan.list(files, on: all)
        plan.failed(files[0], at: .zero, using: &random)
        #expect(plan.nextFiles(at: .zero).prefix(2) == files[1...])
        #expect(plan.nextFiles(at: .seconds(2)) == [files[1], files[2], files[0]])
        for _ in 0..<50 { plan.failed(files[0], at: .zero, using: &random) }
        #expect(plan.nextFiles(at: .seconds(60)).contains(files[0]), "it is asked for for ever")
    }

    @Test func `an index of 14,000 names takes no more than an inbox holds, 64 a round`() {
        let files = digests(14_000, seed: 6)
        var plan = InboxPlan(held: [:])
        plan.list(files, on: all)
        #expect(plan.missing == InboxPlan.fileLimit)
        var rounds = 0
        while true {
            let next = plan.nextFiles(at: .zero)
            if next.isEmpty { break }
            #expect(next.count <= InboxPlan.filesPerRound)
            next.forEach { plan.stored($0, size: 100) }
            rounds += 1
        }
        #expect(rounds == 63 && plan.held.count == InboxPlan.fileLimit)
        #expect(!plan.hasRoom && plan.makeRoom() == nil, "nothing that is listed makes room")
    }

    @Test func `a file goes 24 hours after the last index named it, and not for half a list`() {
        let files = digests(2, seed: 7)
        var plan = InboxPlan(held: [files[0]: 1, files[1]: 1])
        plan.list([files[0]], on: all)
        #expect(plan.outdated(at: .seconds(9), isComplete: false) == [])
        #expect(plan.outdated(at: .seconds(10), isComplete: true) == [])
        #expect(plan.outdated(at: .seconds(10 + 86_399), isComplete: true) == [])
        #expect(plan.outdated(at: .seconds(10 + 86_400), isComplete: true) == [files[1]])
        #expect(plan.outdated(at: .seconds(90_000), isComplete: false) == [], "a shelf is unread")
        #expect(plan.outdated(at: .seconds(180_000), isComplete: true) == [], "so it counts again")
    }

    @Test func `a file that an index names again stays`() {
        let files = digests(1, seed: 8)
        var plan = InboxPlan(held: [files[0]: 1])
        _ = plan.outdated(at: .zero, isComplete: true)
        plan.list(files, on: own)
        _ = plan.outdated(at: .seconds(80_000), isComplete: true)
        plan.list([], on: own)
        #expect(plan.outdated(at: .seconds(90_000), isComplete: true) == [])
    }

    @Test func `a full inbox gives up what was unlisted longest, and nothing that is listed`() {
        let (listed, unlisted) = (digests(3999, seed: 9), digests(1, seed: 10))
        let held = (listed + unlisted).reduce(into: [:]) { $0[$1] = 1 }
        var plan = InboxPlan(held: held)
        plan.list(listed, on: all)
        _ = plan.outdated(at: .zero, isComplete: true)
        #expect(plan.makeRoom() == unlisted[0])
        plan.removed(unlisted[0])
        #expect(plan.hasRoom && plan.makeRoom() == nil)
    }

    @Test func `an inbox has at most 64 MiB`() {
        let files = digests(256, seed: 11)
        let plan = InboxPlan(held: files.reduce(into: [:]) { $0[$1] = DepotObject.fileLimit })
        #expect(plan.heldBytes == InboxPlan.byteLimit && !plan.hasRoom)
    }

    @Test func `a shelf of a former host name is forgotten`() {
        let (a, b) = (digests(2, seed: 12), digests(2, seed: 13))
        var plan = InboxPlan(held: [:])
        plan.list(a, on: all)
        plan.list(b, on: own)
        plan.keepOnly([all])
        #expect(plan.nextFiles(at: .zero) == a)
        #expect(plan.fileCount(of: own) == nil)
    }

    /// A model of a few lines: random shelves, losses and failures, for which the plan must agree.
    @Test(arguments: 0..<20)
    func `the plan asks for what is listed and lacking, whatever happens`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pool = digests(30, seed: seed + 100)
        var plan = InboxPlan(held: [:])
        var lists: [ShelfName: [ObjectDigest]] = [:]
        var held: Set<ObjectDigest> = []
        for _ in 0..<500 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let shelf = Bool.random(using: &random) ? all : own
                lists[shelf] = pool.shuffled(using: &random).prefix(
                    Int.random(in: 0...8, using: &random)
                ).map { $0 }
                plan.list(lists[shelf] ?? [], on: shelf)
            case 1:
                guard
                    let digest = plan.nextFiles(at: .seconds(1 << 20)).randomElement(using: &random)
                else { continue }
                plan.stored(digest, size: 3)
                held.insert(digest)
            case 2:
                guard
                    let digest = plan.nextFiles(at: .seconds(1 << 20)).randomElement(using: &random)
                else { continue }
                plan.failed(digest, at: .seconds(1 << 20), using: &random)
            default:
                guard let digest = held.randomElement(using: &random) else { continue }
                plan.removed(digest)
                held.remove(digest)
            }
            let lacking = Set(lists.values.joined()).subtracting(held)
            #expect(Set(plan.nextFiles(at: .seconds(1 << 21))) == lacking)
            #expect(plan.missing == lacking.count && plan.heldBytes == 3 * held.count)
        }
    }
}
