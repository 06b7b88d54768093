import CommandSupport
import Depot
import Grants
import Offers
import Publishing
import StrictJSON

/// The answer of `jitgate-fleet post`.
struct PostReport {
    let offers: [PostCommand.Offer]
    let posting: Posting
    let store: any DepotStore
    /// The reason why not all could be done.
    let failure: CommandFailure?

    /// True if every file is on all of its shelves.
    var isComplete: Bool {
        offers.allSatisfy { result(of: $0).map { $0.full.isEmpty } ?? false }
    }

    func show(on console: Console) {
        for offer in offers { console.print(line(offer, console)) }
        if !posting.dropped.isEmpty {
            console.note("took \(posting.dropped.count.counting("line")) off whose files are over")
        }
        if store.isConditional == false {
            console.note("this depot ignores If-Match: let one publisher post at a time")
        }
    }

    private func result(of offer: PostCommand.Offer) -> Posting.Result? {
        offer.posted.flatMap { posting.results[$0.file.digest] }
    }

    /// The fate of a file, in a word.
    private func outcome(of offer: PostCommand.Offer) -> String {
        guard let posted = offer.posted else { return "refused" }
        guard let result = result(of: offer) else { return "failed" }
        guard result.full.isEmpty else { return "refused" }
        guard result.listed.count == posted.shelves.count else { return "failed" }
        return result.isNew ? "posted" : "present"
    }

    private func line(_ offer: PostCommand.Offer, _ console: Console) -> String {
        let outcome = outcome(of: offer)
        let name = DisplayText.safe(offer.name)
        let colour: Console.Colour = ["posted", "present"].contains(outcome) ? .green : .red
        let text = "\(console.paint(outcome, colour))  \(name): "
        switch offer.file {
        case .failure(let refusal):
            return text + DisplayText.safe("\(refusal.code): \(refusal.reason)")
        case .success(let file):
            let full = result(of: offer)?.full ?? []
            guard full.isEmpty else { return text + "\(Self.full): \(DisplayText.list(full))" }
            let id = file.id.map { " \($0)" } ?? ""
            return text + "\(file.kind)\(id) for \(DisplayText.list(offer.shelves))"
        }
    }

    private static let full = "there is no room on"

    var json: JSONValue {
        [
            "depot": .string(store.name),
            "complete": .bool(failure == nil && isComplete),
            "conditional": store.isConditional.map(JSONValue.bool) ?? .null,
            "files": .array(offers.map(json)),
            "dropped": .array(posting.dropped.map(\.name).sorted().map { .string("\($0).grant") }),
            "error": failure.map { .string($0.message) } ?? .null,
        ]
    }

    /// The reason why a file was refused.
    private func refusal(of offer: PostCommand.Offer) -> OfferedFile.Refusal? {
        if case .failure(let refusal) = offer.file { return refusal }
        guard let full = result(of: offer)?.full, !full.isEmpty else { return nil }
        return OfferedFile.Refusal("shelf-full", "\(Self.full) \(DisplayText.list(full))")
    }

    private func json(_ offer: PostCommand.Offer) -> JSONValue {
        let (file, refusal) = (offer.posted?.file, refusal(of: offer))
        return [
            "file": .string(offer.name),
            "result": .string(outcome(of: offer)),
            "kind": file.map { .string($0.kind) } ?? .null,
            "id": file?.id.map { .string($0.description) } ?? .null,
            "sha256": file.map { .string($0.digest.description) } ?? .null,
            "shelves": .array(offer.shelves.map { .string($0.description) }),
            "code": .optional(refusal?.code), "reason": .optional(refusal?.reason),
        ]
    }

    var csv: CSVTable {
        let columns = ["file", "result", "kind", "id", "sha256", "shelves", "code", "reason"]
        let rows = offers.map { offer in
            let (file, refusal) = (offer.posted?.file, refusal(of: offer))
            return [
                offer.name, outcome(of: offer), file?.kind ?? "", file?.id?.description ?? "",
                file?.digest.description ?? "", DisplayText.list(offer.shelves),
                refusal?.code ?? "", refusal?.reason ?? "",
            ]
        }
        return CSVTable(columns: columns, rows: rows)
    }
}
