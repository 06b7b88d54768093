import Foundation
import TestSupport
import Testing
import Transparency

@testable import Attestation

@Suite struct `What hosts tell their fleet` {
    @Test(arguments: FleetVector.all)
    func `is read, or refused with the reason`(vector: FleetVector) throws {
        let key = try VerifierKey(parsing: vector.key)
        let said = vector.kind == "status" ? status(vector.bytes, key) : growth(vector.bytes, key)
        if vector.expected.hasPrefix("refused ") {
            #expect(said.hasPrefix("refused "))
            #expect(said.contains(vector.expected.dropFirst(8)), "\(said)")
        } else {
            #expect(said == vector.expected)
        }
    }

    @Test func `is read alike by Go's own packages`() throws {
        let go = try GoVerifier()
        for vector in FleetVector.all {
            let result = try go.run([vector.kind, vector.key], [Data(vector.bytes)])
            let said = result.status == 0 ? "verified" : "refused"
            #expect(said == vector.goes, "\(vector): \(result.text) \(result.errors)")
        }
    }

    @Test func `has vectors`() {
        #expect(FleetVector.all.count >= 75)
    }

    private func status(_ bytes: [UInt8], _ key: VerifierKey) -> String {
        do throws(StatusError) {
            let note = try StatusNote(parsing: bytes, signedBy: key)
            #expect(StatusNote.claimedOrigin(of: bytes) == note.origin)
            let again = try HostStatus(parsing: note.status.encoded())
            #expect(again == note.status)
            return "verified \(note.checkpoint.checkpoint.size) \(note.status.openCount)"
        } catch {
            return "refused \(error)"
        }
    }

    private func growth(_ bytes: [UInt8], _ key: VerifierKey) -> String {
        do throws(ProofError) {
            let proof = try ConsistencyProof(parsing: bytes)
            #expect(Array(proof.text.utf8) == bytes)
            let growth = try proof.verify(by: key)
            return "verified \(growth.checkpoint.size) \(growth.roots.count)"
        } catch {
            return "refused \(error)"
        }
    }
}
