import Testing

@testable import Agent

@Suite struct `Files that wait to be read` {
    private func rest(_ intake: inout Intake) -> [String] {
        var paths: [String] = []
        while let item = intake.next() { paths.append(item.path) }
        return paths
    }

    @Test func `are taken newest and oldest in turn, and before what was listed`() {
        var intake = Intake()
        intake.list(["l1", "l2"], owed: 0)
        for path in ["a", "b", "c", "d", "e", "f"] { intake.add(path) }
        #expect(rest(&intake) == ["f", "a", "e", "l1", "d", "b", "c", "l2"])
        #expect(intake.isEmpty)
    }

    @Test func `are taken once, whatever came of them meanwhile`() {
        var intake = Intake()
        intake.list(["a", "b"], owed: 0)
        for path in ["a", "c", "a"] { intake.add(path) }
        _ = intake.remove("c")
        #expect(rest(&intake) == ["a", "b"])
    }

    @Test func `are first those that have to be read at once`() {
        var intake = Intake()
        intake.add("new")
        intake.list(["live1", "live2", "other"], owed: 2)
        #expect(intake.next()?.path == "live1")
        #expect(intake.owed == 1)
        #expect(intake.next()?.path == "live2")
        #expect(intake.owed == 0)
        #expect(rest(&intake) == ["new", "other"])
    }

    @Test func `are all there is once each of a listing was read`() {
        var intake = Intake()
        intake.list(["a", "b", "c"], owed: 0)
        #expect(intake.isScanning)
        _ = intake.next()
        _ = intake.remove("b")
        intake.add("d")
        #expect(intake.endScanIfDone() == nil)
        _ = rest(&intake)
        #expect(intake.endScanIfDone() == ["a", "c", "d"])
        #expect(!intake.isScanning)
        #expect(intake.endScanIfDone() == nil)
    }

    @Test func `keep every name that they had before`() {
        var intake = Intake()
        intake.add("b", renamedFrom: "a")
        intake.add("c", renamedFrom: "b")
        let item = intake.next()
        #expect(item?.path == "c")
        #expect(item?.origins == ["a", "b"])
        intake.add("d", renamedFrom: "c")
        #expect(intake.remove("d") == ["c"])
        #expect(intake.next() == nil)
    }

    @Test func `are no longer waited for when a new listing does not have them`() {
        var intake = Intake()
        intake.list(["a", "b"], owed: 0)
        intake.add("c")
        intake.list(["b"], owed: 0)
        #expect(rest(&intake) == ["c", "b"])
        #expect(intake.isEmpty)
    }
}
