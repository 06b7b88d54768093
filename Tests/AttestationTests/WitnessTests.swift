import Grants
import TestSupport
import Testing
import Transparency

@testable import Attestation

@Suite struct `A witness` {
    private var host: TestedHost
    private var witness: WitnessedHost
    private let now = TestedHost.start

    init() throws {
        host = try TestedHost()
        host.grow(to: 10)
        witness = WitnessedHost(key: host.key.publicKey)
    }

    private mutating func look() throws -> WitnessedHost.Finding {
        look(at: try host.note())
    }

    private mutating func look(at note: StatusNote) -> WitnessedHost.Finding {
        witness.look(at: note, now: now)
    }

    private mutating func look(at growth: ProvedGrowth) -> WitnessedHost.Finding {
        witness.look(at: growth, now: now)
    }

    private mutating func accept(_ reason: String) -> Bool {
        witness.accept(reason: reason, now: now)
    }

    @Test mutating func `trusts the first note, and demands a proof for the next`() throws {
        #expect(try look() == .first)
        #expect(try look() == .newer)
        #expect(witness.unproved.isEmpty)
        host.grow(to: 17)
        #expect(try look() == .newer)
        host.grow(to: 40)
        #expect(try look() == .newer)
        #expect(witness.unproved.map(\.size) == [17, 40])
        #expect(witness.unprovedSince == now)
        #expect(look(at: try host.growth(10, 17)) == .proved(40))
        #expect(witness.unproved.isEmpty && witness.unprovedSince == nil)
        #expect(witness.base?.size == 40)
        #expect(look(at: try host.growth(10, 17)) == .same)
        #expect(!witness.isAlarming)
    }

    @Test mutating func `sees an old note for what it is`() throws {
        let old = try host.note()
        host.grow(to: 12)
        #expect(try look() == .first)
        #expect(look(at: old) == .older)
        let before = witness
        let newer = try host.note()
        #expect(look(at: newer) == .newer)
        #expect(look(at: newer) == .same)
        #expect(before.newest?.position != witness.newest?.position)
    }

    @Test mutating func `sees two logs of one size, until a person accepts it`() throws {
        _ = try look()
        host.cut(to: 9)
        host.grow(to: 10, "forged")
        guard case .forked(let fork) = try look() else {
            Issue.record("the fork was not seen")
            return
        }
        #expect(fork.kind == .root && fork.known != fork.other)
        // Neither a later note nor a proof makes it unseen.
        host.grow(to: 20)
        #expect(try look() == .forked(fork))
        #expect(look(at: try host.growth(10)) == .forked(fork))
        let key = try CosigningKey(name: "witness/1", seed: Array(repeating: 9, count: 32))
        #expect(try witness.cosigned(by: key, now: now) == nil)
        #expect(accept("restored from a backup"))
        #expect(!witness.isAlarming)
        #expect(witness.accepted == [.init(fork, at: now, reason: "restored from a backup")])
        #expect(try look() == .first)
        #expect(!accept("again"))
    }

    @Test mutating func `sees a log that was rewritten between two notes`() throws {
        _ = try look()
        host.grow(to: 15)
        _ = try look()
        // The rewritten log begins with what was proved, and is longer than what was seen.
        host.cut(to: 12)
        host.grow(to: 30, "forged")
        #expect(try look() == .newer)
        let growth = try host.growth(10, 15)
        guard case .forked(let fork) = look(at: growth) else {
            Issue.record("the rewriting was not seen")
            return
        }
        #expect(fork.kind == .root)
    }

    @Test mutating func `counts a size that the proofs leave out as an alarm`() throws {
        _ = try look()
        host.grow(to: 15)
        _ = try look()
        host.grow(to: 30)
        _ = try look()
        #expect(look(at: try host.growth(10)) == .proved(30))
        #expect(witness.isAlarming && witness.skipped.map(\.size) == [15])
        let base = witness.base
        #expect(accept("the carrier was reinstalled"))
        #expect(witness.accepted.map(\.fork.kind) == [.unproved])
        #expect(witness.base == base && !witness.isAlarming)
    }

    @Test mutating func `sees a shorter log later in the same boot`() throws {
        _ = try look()
        host.cut(to: 8)
        guard case .forked(let fork) = try look() else {
            Issue.record("the shorter log was not seen")
            return
        }
        #expect(fork.kind == .shorter)
    }

    @Test mutating func `takes a shorter log of another boot for an old one`() throws {
        _ = try look()
        host.cut(to: 8)
        host.bootID = String(repeating: "2", count: 32)
        #expect(try look() == .older)
    }

    @Test mutating func `learns nothing from a proof that begins elsewhere`() throws {
        _ = try look()
        host.grow(to: 30)
        #expect(look(at: try host.growth(11)) == .unlinked)
        let other = try TestedHost(name: "jitgate/web-2/0002", seed: 2).growing(to: 30)
        #expect(look(at: try other.growth(10)) == .unlinked)
    }

    @Test mutating func `keeps its state in a file`() throws {
        for size in [10, 12, 19] {
            host.grow(to: size)
            _ = try look()
            #expect(try WitnessedHost(parsing: witness.encoded()) == witness)
        }
        _ = look(at: try host.growth(10))
        #expect(try WitnessedHost(parsing: witness.encoded()) == witness)
        host.cut(to: 18)
        host.grow(to: 19, "forged")
        _ = try look()
        #expect(witness.fork != nil)
        #expect(try WitnessedHost(parsing: witness.encoded()) == witness)
        _ = accept("two reasons")
        #expect(try WitnessedHost(parsing: witness.encoded()) == witness)
        let empty = WitnessedHost(key: host.key.publicKey)
        #expect(try WitnessedHost(parsing: empty.encoded()) == empty)
    }

    @Test mutating func `reads no state whose checkpoints are not by the host`() throws {
        _ = try look()
        let text = String(decoding: witness.encoded(), as: UTF8.self)
        let other = try TestedHost(seed: 2).key.publicKey.description
        let forged = text.replacing(witness.key.description, with: other)
        #expect(throws: StatusError.self) { try WitnessedHost(parsing: Array(forged.utf8)) }
    }

    @Test mutating func `cosigns what it saw grow`() throws {
        _ = try look()
        let key = try CosigningKey(name: "witness/1", seed: Array(repeating: 9, count: 32))
        let note = try #require(try witness.cosigned(by: key, now: now))
        let cosigner = try CosignerKey(parsing: key.publicKey.description)
        #expect(try cosigner.time(ofCosignatureUnder: Array(note.utf8)) == 1_772_352_000)
        #expect(try SignedCheckpoint(parsing: note, signedBy: witness.key).checkpoint.size == 10)
        let later = note.replacing("\n10\n", with: "\n11\n")
        #expect(throws: ProofError.self) {
            try cosigner.time(ofCosignatureUnder: Array(later.utf8))
        }
        let bare = try host.checkpoint()
        #expect(try cosigner.time(ofCosignatureUnder: Array(bare.utf8)) == nil)
        #expect(try CosigningKey(parsing: key.text).publicKey == cosigner)
    }
}

extension TestedHost {
    fileprivate func growing(to size: Int) -> TestedHost {
        var host = self
        host.grow(to: size)
        return host
    }
}
