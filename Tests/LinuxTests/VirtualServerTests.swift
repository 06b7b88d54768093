import Linux
import Testing

@Suite struct `What /proc says of IPVS` {
    private static let table = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port Scheduler Flags
          -> RemoteAddress:Port Forward Weight ActiveConn InActConn
        TCP  CB007101:08AE rr
          -> 0A000002:0016      Masq    1      0          0
          -> 7F000001:0016      Local   1      0          0
        TCP  [20010db8000000000000000000000001]:08AE wlc
          -> [20010db8000000000000000000000002]:0D3D      Route   1      0          0
        FWM  00000007 rr
          -> 0A000003:0050      Tunnel  1      0          0
        """

    @Test func `names each service and where it leads`() {
        let servers = VirtualServer.all(in: Self.table)
        #expect(
            servers.map(\.service) == [
                "TCP 203.0.113.1:2222", "TCP 203.0.113.1:2222",
                "TCP [20010db8000000000000000000000001]:08AE", "FWM 00000007",
            ]
        )
        #expect(servers.map(\.port) == [22, 22, 3389, 80])
        #expect(servers.map(\.address.count) == [4, 4, 16, 4])
        #expect(servers.first?.address == [10, 0, 0, 2])
    }

    @Test(arguments: ["", "garbage", "TCP", "  -> ", "  -> :", "TCP  zz:zz rr\n  -> 7F0000:0016 x"])
    func `is passed over where it is none`(text: String) {
        #expect(VirtualServer.all(in: text).isEmpty)
    }
}
