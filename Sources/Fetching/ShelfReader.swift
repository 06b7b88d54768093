import Depot
import Grants

/// Reads the indexes of the shelves: one by one, or all at once from a hub.
struct ShelfReader {
    /// The interval, in rounds, at which the depot is asked whether it is a hub.
    private static let hubProbeEvery = 30

    /// The bounds of the wait for news at a hub.
    var patience = DepotReader.Patience()
    private let reader: DepotReader
    private let mayBeHub: Bool
    private var isHub = false
    private var rounds = 0
    private var watches: [ShelfName: ObjectWatch] = [:]
    /// The index that a hub answers for all shelves.
    private var joined = ObjectWatch()
    private var joinedShelves: [ShelfName] = []

    init(_ reader: DepotReader, mayBeHub: Bool) {
        (self.reader, self.mayBeHub) = (reader, mayBeHub)
    }

    /// Asks for an object, and notes that the depot answers.
    func ask(
        _ object: DepotObject,
        unless tag: String?,
        _ board: inout StateBoard
    ) throws(RoundEnd) -> DepotReader.Result {
        let result = try reader.read(object, unless: tag)
        board.heard()
        return result
    }

    func ask(
        _ object: DepotObject,
        _ watch: inout ObjectWatch,
        _ board: inout StateBoard
    ) throws(RoundEnd) -> DepotReader.Result {
        try ask(object, unless: watch.nextCondition(), &board)
    }

    /// Reads what shelves offer into `plan`; returns whether the depot waited for news.
    mutating func read(
        _ shelves: [ShelfName],
        into plan: inout InboxPlan,
        _ board: inout StateBoard,
        using random: inout some RandomNumberGenerator
    ) throws(RoundEnd) -> Bool {
        watches = watches.filter { shelves.contains($0.key) }
        defer { rounds += 1 }
        if mayBeHub, isHub || rounds.isMultiple(of: Self.hubProbeEvery) {
            if try readHub(shelves, into: &plan, &board, using: &random) { return true }
        }
        for shelf in shelves { try read(shelf, into: &plan, &board, using: &random) }
        return false
    }

    /// Reads all shelves in one request; returns whether the depot is a hub.
    private mutating func readHub(
        _ shelves: [ShelfName],
        into plan: inout InboxPlan,
        _ board: inout StateBoard,
        using random: inout some RandomNumberGenerator
    ) throws(RoundEnd) -> Bool {
        if shelves != joinedShelves || !isHub { (joined, joinedShelves) = (ObjectWatch(), shelves) }
        let result = try reader.readIndexes(shelves, unless: joined.nextCondition(), patience)
        board.heard()
        switch result {
        case .content(let bytes, let tag):
            guard let index = try? ShelfIndex(parsing: bytes) else { break }
            joined.taken(tag: tag)
            for (place, shelf) in shelves.enumerated() {
                plan.list(place == 0 ? index.digests : [], on: shelf)
            }
            return became(hub: true, shelves, plan, &board)
        case .unchanged:
            joined.unchanged()
            return became(hub: true, shelves, plan, &board)
        default: break
        }
        return became(hub: false, shelves, plan, &board)
    }

    private mutating func became(
        hub: Bool,
        _ shelves: [ShelfName],
        _ plan: InboxPlan,
        _ board: inout StateBoard
    ) -> Bool {
        if isHub != hub { watches = [:] }  // what each index held is not known any more
        isHub = hub
        guard hub else { return false }
        for shelf in shelves {
            board.answered(.index(shelf), .ok, files: plan.fileCount(of: shelf))
        }
        return true
    }

    private mutating func read(
        _ shelf: ShelfName,
        into plan: inout InboxPlan,
        _ board: inout StateBoard,
        using random: inout some RandomNumberGenerator
    ) throws(RoundEnd) {
        var watch = watches[shelf] ?? ObjectWatch()
        defer { watches[shelf] = watch }
        guard watch.isDue(at: Carrier.now) else { return }
        switch try ask(.index(shelf), &watch, &board) {
        case .content(let bytes, let tag):
            do throws(IndexError) {
                plan.list(try ShelfIndex(parsing: bytes).digests, on: shelf)
                watch.taken(tag: tag)
            } catch {
                watch.failed(at: Carrier.now, using: &random)
                return board.failed(.index(shelf), error.description)
            }
        case .unchanged: watch.unchanged()
        case .absent:
            plan.list([], on: shelf)
            watch.absent()
        case .failed(let reason):
            watch.failed(at: Carrier.now, using: &random)
            return board.failed(.index(shelf), reason)
        }
        board.answered(.index(shelf), watch.state, files: plan.fileCount(of: shelf))
    }
}
